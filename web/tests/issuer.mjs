// An identity provider in small, for the app to sign in at: it keeps to OpenID Connect as far as the app
// uses it, and hands on the tokens of the demo people, which the services believe.
import { createHash, randomUUID } from 'node:crypto';
import { createServer } from 'node:http';

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
const TOKEN_SECONDS = 300;

export async function startIssuer(app, person) {
  const codes = new Map();
  const refreshTokens = new Set();
  const issuer = { refused: false, renewals: 0 };

  async function grant(form) {
    if (form.get('grant_type') === 'refresh_token') {
      // Each works once.
      if (issuer.refused || !refreshTokens.delete(form.get('refresh_token'))) return { status: 400, body: { error: 'invalid_grant' } };
      issuer.renewals += 1;
      return { status: 200, body: await tokens() };
    }
    const code = codes.get(form.get('code'));
    codes.delete(form.get('code'));
    const challenge = createHash('sha256').update(form.get('code_verifier') ?? '').digest('base64url');
    if (!code || code.challenge !== challenge) return { status: 400, body: { error: 'invalid_grant' } };
    return { status: 200, body: await tokens(code.nonce) };
  }

  async function tokens(nonce) {
    const answer = await fetch(`${app}/dev/token`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ name: person }),
    });
    const { accessToken } = await answer.json();
    const now = Math.floor(Date.now() / 1000);
    const claims = { iss: issuer.address, aud: 'app', sub: person, iat: now, exp: now + TOKEN_SECONDS, name: 'Els Maes', nonce };
    const refreshToken = randomUUID();
    refreshTokens.add(refreshToken);
    const idToken = nonce ? { id_token: `${part({ alg: 'RS256' })}.${part(claims)}.${part('signed')}` } : {};
    return { access_token: accessToken, token_type: 'Bearer', expires_in: TOKEN_SECONDS, refresh_token: refreshToken, ...idToken };
  }

  const server = createServer(async (request, response) => {
    const address = new URL(request.url, issuer.address);
    response.setHeader('access-control-allow-origin', app);
    if (address.pathname === '/authorize') {
      const asked = Object.fromEntries(address.searchParams);
      const code = randomUUID();
      codes.set(code, { challenge: asked.code_challenge, nonce: asked.nonce });
      const back = new URL(asked.redirect_uri);
      back.searchParams.set('code', code);
      back.searchParams.set('state', asked.state);
      response.writeHead(302, { location: back.href }).end();
      return;
    }
    let status = 200;
    let body = {
      issuer: issuer.address,
      authorization_endpoint: `${issuer.address}/authorize`,
      token_endpoint: `${issuer.address}/token`,
      code_challenge_methods_supported: ['S256'],
    };
    if (address.pathname === '/token') {
      let text = '';
      for await (const bytes of request) text += bytes;
      ({ status, body } = await grant(new URLSearchParams(text)));
    }
    response.writeHead(status, { 'content-type': 'application/json', 'cache-control': 'no-store' }).end(JSON.stringify(body));
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  issuer.address = `http://localhost:${server.address().port}`;
  issuer.stop = () => new Promise((resolve) => server.close(resolve).closeAllConnections());
  return issuer;
}
