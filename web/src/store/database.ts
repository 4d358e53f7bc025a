import { openDB, type DBSchema, type IDBPDatabase } from 'idb';

import { newKey, type Sealed } from './vault';

/** A signal that is not at the server yet. Everything it says is sealed. */
export interface WaitingRow {
  id: string;
  owner: string;
  /** The order in which they were flagged. */
  place: number;
  sealed: Sealed;
}

/** What the server said the last time, to show without network. */
export interface KnownRow {
  id: string;
  owner: string;
  sealed: Sealed;
}

interface Schema extends DBSchema {
  keys: { key: string; value: CryptoKey };
  session: { key: 'current'; value: { owner: string; sealed: Sealed } };
  waiting: { key: string; value: WaitingRow; indexes: { owner: string } };
  known: { key: [string, string]; value: KnownRow; indexes: { owner: string } };
}

let opened: Promise<IDBPDatabase<Schema>> | undefined;

/** The phone's own database. Shared by the app and its service worker. */
export function database(): Promise<IDBPDatabase<Schema>> {
  opened ??= openDB<Schema>('knipperlicht', 1, {
    upgrade(database) {
      database.createObjectStore('keys');
      database.createObjectStore('session');
      database.createObjectStore('waiting', { keyPath: 'id' }).createIndex('owner', 'owner');
      database.createObjectStore('known', { keyPath: ['owner', 'id'] }).createIndex('owner', 'owner');
    },
    // A newer app wants to change the tables: this one lets go, and opens anew when it has to.
    blocking(_current, _blocked, event) {
      (event.target as IDBDatabase).close();
      opened = undefined;
    },
    terminated() {
      opened = undefined;
    },
  }).catch((error: unknown) => {
    opened = undefined;
    throw error;
  });
  return opened;
}

/** The account's key on this phone; a new one where there is none. */
export async function keyOf(owner: string): Promise<CryptoKey> {
  const there = await (await database()).get('keys', owner);
  if (there) return there;
  const made = await newKey();
  // Two tabs may come here at once: the first key that is written stays.
  const transaction = (await database()).transaction('keys', 'readwrite');
  const first = await transaction.store.get(owner);
  if (!first) await transaction.store.put(made, owner);
  await transaction.done;
  return first ?? made;
}
