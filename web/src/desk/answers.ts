import { Action } from '@knipperlicht/client/routing';

import type { TextKey } from '../texts/areas';
import type { IconName } from '../design/icons';
import type { Command } from './keys';

/** What can be answered to a referral, in the order in which it is offered. */
export interface Answer {
  action: Action;
  text: TextKey;
  icon: IconName;
  /** The command of the keyboard that does it. */
  command?: Command;
}

export const ANSWERS: readonly Answer[] = [
  { action: Action.ACCEPT, text: 'desk.accept', icon: 'check', command: 'accept' },
  { action: Action.DECLINE, text: 'desk.decline', icon: 'close', command: 'decline' },
  { action: Action.HOLD, text: 'desk.hold', icon: 'clock', command: 'hold' },
  { action: Action.RELEASE, text: 'desk.release', icon: 'next', command: 'hold' },
  { action: Action.REDIRECT, text: 'desk.send_on', icon: 'send', command: 'send_on' },
  { action: Action.HAND_OVER, text: 'desk.hand_over', icon: 'share', command: 'send_on' },
];

/** Those that the server offers now. */
export function offered(actions: readonly Action[]): Answer[] {
  return ANSWERS.filter((answer) => actions.includes(answer.action));
}
