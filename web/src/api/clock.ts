/** What time it is for everybody. A phone's own clock is good for how long something took and for
 * showing, never for saying when something happened. */
let ahead: number | undefined;

/** Notes what the server's clock said just now. */
export function heard(serverTime: Date, phone = Date.now()): void {
  ahead = serverTime.getTime() - phone;
}

/** The server's time, as far as it is known. */
export function serverNow(phone = Date.now()): Date | undefined {
  return ahead === undefined ? undefined : new Date(phone + ahead);
}
