import { expect, it } from 'vitest';

import { grouped, matching } from './people';

const person = (name: string, role: string, organisationName = '', zones: string[] = []) => ({
  name,
  role,
  organisation: '',
  organisationName,
  zones,
});
const PEOPLE = [
  person('dmw-oostende-bredene', 'partner', 'Dienst maatschappelijk werk Oostende-Bredene (voorbeeld)'),
  person('cleaner', 'reporter'),
  person('x', 'unheard_of'),
  person('pays', 'partner', 'Aidants Proches Liège'),
];

it('groups people by role, reporters first, and leaves out who has no role here', () => {
  expect(grouped(PEOPLE).map((group) => [group.role, group.people.length])).toEqual([
    ['reporter', 1],
    ['partner', 2],
  ]);
});

it('finds a desk however it is typed', () => {
  expect(matching(PEOPLE, ' OOSTENDE bredene ')).toHaveLength(1);
  expect(matching(PEOPLE, 'liege')).toHaveLength(1);
  expect(matching(PEOPLE, '')).toHaveLength(4);
});
