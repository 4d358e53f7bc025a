import { plain } from '../common/letters';
import type { DemoPerson } from '../session/demo';
import { ROLES, type Role } from '../session/who';

/** The people of the demonstration by what they do, those who are named most often first. */
export function grouped(people: readonly DemoPerson[]): { role: Role; people: DemoPerson[] }[] {
  return ROLES.map((role) => ({ role, people: people.filter((person) => person.role === role) })).filter(
    (group) => group.people.length > 0,
  );
}

/** Those whose organisation or zone has these letters, however they are written. */
export function matching(people: readonly DemoPerson[], text: string): DemoPerson[] {
  const wanted = plain(text.trim());
  return people.filter((person) =>
    [person.name, person.organisationName, ...person.zones].some((words) => plain(words).includes(wanted)),
  );
}
