/** Signing in at the organisation's identity provider: OpenID Connect's authorization code with
 * PKCE. Loaded when somebody signs in or renews, and not before. */
import * as oauth from 'oauth4webapi';

import type { Config } from '../api/config';
import { renewalOf } from './demo';
import { Refused } from './refused';
import { nameIn, whoHolds, type Session } from './who';

/** Kept while the person is at the provider's pages; of no worth to anybody else. */
const UNDERWAY = 'knipperlicht.signing-in';

interface Underway {
  verifier: string;
  state: string;
  nonce: string;
  back: string;
}

interface Provider {
  server: oauth.AuthorizationServer;
  client: oauth.Client;
  options: { [oauth.allowInsecureRequests]: boolean };
}

async function provider(config: Config): Promise<Provider> {
  if (!config.issuer || !config.clientId) throw new Error('no identity provider is configured');
  const issuer = new URL(config.issuer);
  // Nobody is on the way to this machine itself; everywhere else only what is encrypted is spoken to.
  const options = { [oauth.allowInsecureRequests]: issuer.hostname === 'localhost' };
  const server = await oauth.processDiscoveryResponse(issuer, await oauth.discoveryRequest(issuer, options));
  return { server, client: { client_id: config.clientId }, options };
}

function redirectUri(): string {
  return `${location.origin}/signed-in`;
}

/** Leaves for the provider's pages; `back` is where to go afterwards. */
export async function leaveToSignIn(config: Config, back: string): Promise<void> {
  const { server, client } = await provider(config);
  if (!server.authorization_endpoint) throw new Error('the identity provider has no page to sign in');
  const underway: Underway = {
    verifier: oauth.generateRandomCodeVerifier(),
    state: oauth.generateRandomState(),
    nonce: oauth.generateRandomNonce(),
    back,
  };
  sessionStorage.setItem(UNDERWAY, JSON.stringify(underway));
  const address = new URL(server.authorization_endpoint);
  const wanted = {
    client_id: client.client_id,
    redirect_uri: redirectUri(),
    response_type: 'code',
    scope: 'openid profile offline_access',
    state: underway.state,
    nonce: underway.nonce,
    code_challenge: await oauth.calculatePKCECodeChallenge(underway.verifier),
    code_challenge_method: 'S256',
  };
  for (const [name, value] of Object.entries(wanted)) address.searchParams.set(name, value);
  location.assign(address);
}

/** Comes back from there. */
export async function comeBack(config: Config): Promise<{ session: Session; back: string }> {
  const kept = sessionStorage.getItem(UNDERWAY);
  sessionStorage.removeItem(UNDERWAY);
  if (!kept) throw new Error('nobody left to sign in');
  const underway = JSON.parse(kept) as Underway;
  const { server, client, options } = await provider(config);
  const answer = oauth.validateAuthResponse(server, client, new URL(location.href), underway.state);
  // The code is in the address: it goes out of sight before anything else is loaded.
  history.replaceState(null, '', '/signed-in');
  const response = await oauth.authorizationCodeGrantRequest(
    server,
    client,
    oauth.None(),
    answer,
    redirectUri(),
    underway.verifier,
    options,
  );
  const tokens = await oauth.processAuthorizationCodeResponse(server, client, response, {
    expectedNonce: underway.nonce,
    requireIdToken: true,
  });
  return { session: sessionOf(tokens), back: underway.back };
}

/** A new token, without anybody having to do anything. */
export async function renewed(config: Config, refreshToken: string): Promise<Session> {
  const { server, client, options } = await provider(config);
  const response = await oauth.refreshTokenGrantRequest(server, client, oauth.None(), refreshToken, options);
  const tokens = await oauth.processRefreshTokenResponse(server, client, response).catch(saidNo);
  return sessionOf(tokens, refreshToken);
}

/** What went wrong with an answer of the provider: whether it said no to whoever asks, or could not say. */
function saidNo(thrown: unknown): never {
  const isInWords = thrown instanceof oauth.ResponseBodyError;
  const isSaid = isInWords || thrown instanceof oauth.WWWAuthenticateChallengeError;
  const isNo = isSaid && (thrown.status === 400 || thrown.status === 401 || (isInWords && thrown.error === 'invalid_grant'));
  throw isNo ? new Refused(thrown.message, { cause: thrown }) : thrown;
}

function sessionOf(tokens: oauth.TokenEndpointResponse, refreshToken?: string): Session {
  const name = tokens.id_token ? nameIn(tokens.id_token) : undefined;
  const who = whoHolds(tokens.access_token, name);
  if (!who) throw new Refused('the token gives no role here');
  const renewal = tokens.refresh_token ?? refreshToken;
  return {
    who,
    token: tokens.access_token,
    renewAt: renewalOf(tokens.expires_in ?? 300),
    renewal: renewal ? { by: 'refresh', token: renewal } : { by: 'signing_in' },
  };
}
