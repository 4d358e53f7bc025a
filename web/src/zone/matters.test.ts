import { create, timestampFromDate } from '@knipperlicht/client';
import { ItemKind, Urgency } from '@knipperlicht/client/codes';
import { CarerQuestionSchema, TaskSchema } from '@knipperlicht/client/followup';
import { ErasureRequestSchema } from '@knipperlicht/client/intake';
import { ItemSchema, ReferralSchema, ZoneSchema } from '@knipperlicht/client/routing';
import { expect, it } from 'vitest';

import { isCut, mattersOf } from './matters';

const at = (hour: number) => timestampFromDate(new Date(Date.UTC(2026, 10, 23, hour)));
const item = (itemId: string, urgency: number, hour: number, zoneId = 'gent') =>
  create(ItemSchema, { itemId, urgency, zoneId, kind: ItemKind.NO_CANDIDATE, openedAt: at(hour) });

it('what presses most comes first, then what waits longest; a doubtful postal code that is in hand comes last', () => {
  const told = {
    items: [item('routine', Urgency.ROUTINE, 8), item('late', Urgency.URGENT, 9), item('early', Urgency.URGENT, 7)],
    tasks: [
      create(TaskSchema, { taskId: 'silent', zoneId: 'gent', carerQuestion: create(CarerQuestionSchema, { withCoordinator: true, since: at(6) }) }),
      create(TaskSchema, { taskId: 'asked', zoneId: 'gent', carerQuestion: create(CarerQuestionSchema, { times: 1 }) }),
    ],
    erasures: [create(ErasureRequestSchema, { situationId: 's', zoneId: 'gent', askedAt: at(5) })],
    referrals: [
      create(ReferralSchema, { referralId: 'doubtful', zoneId: 'zora', urgency: Urgency.EMERGENCY, otherCandidates: [create(ZoneSchema, { zoneId: 'gent' })] }),
      create(ReferralSchema, { referralId: 'sure', zoneId: 'gent' }),
    ],
  };
  expect(mattersOf(told, '').map((one) => one.id)).toEqual(['early', 'late', 'erasure-s', 'silent', 'routine', 'doubtful']);
  expect(mattersOf(told, 'zora').map((one) => one.id)).toEqual(['doubtful']);
});

it('says that there is more than what was listed', () => {
  const items = (count: number) => Array.from({ length: count }, (_, at) => item(`i-${at}`, Urgency.ROUTINE, 8));
  const asked = (count: number) => Array.from({ length: count }, (_, at) => create(TaskSchema, { taskId: `t-${at}`, carerQuestion: create(CarerQuestionSchema, { times: 1 }) }));
  expect(isCut({ items: items(999), tasks: [...asked(499), create(TaskSchema, {})], referrals: [] })).toBe(false);
  expect(isCut({ items: items(1000), tasks: [], referrals: [] })).toBe(true);
  expect(isCut({ items: [], tasks: asked(500), referrals: [] })).toBe(true);
});
