import { expect, test } from 'vitest';
import { Api, Problem } from '../../src/lib/api';

/** Answers each request in turn, and keeps which token each brought. */
function answering(...codes: string[]): { send: typeof fetch; tokens: (string | null)[] } {
  const tokens: (string | null)[] = [];
  const send: typeof fetch = (_, init) => {
    tokens.push(new Headers(init?.headers).get('authorization'));
    const code = codes[tokens.length - 1];
    if (code === undefined) return Promise.resolve(Response.json({ items: [] }));
    const headers = { 'WWW-Authenticate': `Bearer error="${code}"`, 'Content-Type': 'application/problem+json' };
    const body = JSON.stringify({ code, detail: 'No.', advice: 'Do something else.' });
    return Promise.resolve(new Response(body, { status: 401, headers }));
  };
  return { send, tokens };
}

const giving = (renew: boolean): Promise<string> => Promise.resolve(renew ? 'new' : 'old');

test('an expired token is renewed, and the request sent once more', async () => {
  const server = answering('token_expired');
  const api = new Api('', giving, server.send);

  const answer = await api.get('/api/v1/sessions', {});

  expect(answer).toEqual({ items: [] });
  expect(server.tokens).toEqual(['Bearer old', 'Bearer new']);
});

test('a wrong old password is sent once only: each time counts as an attempt', async () => {
  const server = answering('login_failed');
  const api = new Api('', giving, server.send);

  const sent = api.patch('/api/v1/me', { body: { password: 'long enough', old_password: 'wrong' } });

  await expect(sent).rejects.toEqual(new Problem('login_failed', 401, 'No.', 'Do something else.'));
  expect(server.tokens).toEqual(['Bearer old']);
});
