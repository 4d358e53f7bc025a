import type { Interceptor, Transport } from '@connectrpc/connect';
import { createGrpcWebTransport } from '@connectrpc/connect-web';

import { newTraceparent } from './trace.js';

/** How calls reach a server. */
export interface Connection {
  /** Where the gateway is, such as `https://knipperlicht.example`. */
  address: string;
  /** The access token of who calls; nothing for a carer's link, which carries its own. */
  token?: () => Promise<string | undefined> | string | undefined;
  /** How long a call may take, in milliseconds, unless it says so itself. */
  deadline?: number;
  /** The language the caller reads. */
  language?: () => string;
  /** What the server's clock said, with each answer. */
  onServerTime?: (time: Date) => void;
}

/** A transport for the clients of the services. Every call is a trace of its own, unless it carries
 * a `traceparent`. */
export function connectTo(connection: Connection): Transport {
  const carry: Interceptor = (next) => async (request) => {
    if (!request.header.has('traceparent')) request.header.set('traceparent', newTraceparent());
    const token = await connection.token?.();
    if (token) request.header.set('authorization', `Bearer ${token}`);
    const language = connection.language?.();
    if (language) request.header.set('accept-language', language);
    const response = await next(request);
    const time = new Date(response.header.get('date') ?? '');
    if (!Number.isNaN(time.getTime())) connection.onServerTime?.(time);
    return response;
  };
  const options = {
    baseUrl: connection.address,
    interceptors: [carry],
    // The app is served by the gateway itself, and cookies mean nothing to it.
    fetch: (input: RequestInfo | URL, init?: RequestInit) => globalThis.fetch(input, { ...init, credentials: 'omit' }),
  };
  return createGrpcWebTransport(
    connection.deadline === undefined ? options : { ...options, defaultTimeoutMs: connection.deadline },
  );
}
