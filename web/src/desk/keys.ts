/** What a key does at a desk. */
export const COMMANDS = [
  'next',
  'previous',
  'open',
  'accept',
  'decline',
  'hold',
  'send_on',
  'contact',
  'schedule',
  'complete',
  'note',
  'search',
  'leave',
  'help',
] as const;
export type Command = (typeof COMMANDS)[number];

/** The keys, as they are shown. The first of each is told first. */
export const KEYS: Readonly<Record<Command, readonly string[]>> = {
  next: ['j', 'ArrowDown'],
  previous: ['k', 'ArrowUp'],
  open: ['o'],
  accept: ['a'],
  decline: ['d'],
  hold: ['h'],
  send_on: ['s'],
  contact: ['c'],
  schedule: ['p'],
  complete: ['f'],
  note: ['n'],
  search: ['/'],
  leave: ['Escape'],
  help: ['?'],
};

const BY_KEY: ReadonlyMap<string, Command> = new Map(COMMANDS.flatMap((command) => KEYS[command].map((key): [string, Command] => [key, command])));

interface Pressed {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
}

/** What the press of a key asks for. Nothing while somebody types, chooses in a list, or where a
 * dialog is open: a letter is a letter there, and arrows are the control's own. */
export function commandOf(pressed: Pressed, busy: { types: boolean; inDialog: boolean; onControl: boolean }): Command | undefined {
  if (pressed.ctrlKey || pressed.metaKey || pressed.altKey) return undefined;
  if (busy.types || busy.inDialog) return undefined;
  const command = BY_KEY.get(pressed.key.length === 1 ? pressed.key.toLowerCase() : pressed.key);
  const isArrow = pressed.key.startsWith('Arrow');
  return isArrow && busy.onControl ? undefined : command;
}

const KEPT_AS = 'knipperlicht.desk.keys';

/** Whether keys do anything: somebody who speaks to the computer, or hits keys by accident, turns
 * them off. */
export function areKeysOn(): boolean {
  try {
    return localStorage.getItem(KEPT_AS) !== 'off';
  } catch {
    return true;
  }
}

export function keepKeys(on: boolean): void {
  try {
    localStorage.setItem(KEPT_AS, on ? 'on' : 'off');
  } catch {
    // A browser that keeps nothing has them on the next time.
  }
}
