// Behaviour of this server that the Rust tests rely on. The package's version is exact, so these can only
// fail when it is raised.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formEncoded, start } from './started.mjs';

const { ready, command } = await start();

async function post(url, { client_id, client_secret }, form) {
  const credentials = btoa(`${formEncoded(client_id)}:${formEncoded(client_secret)}`);
  const headers = { authorization: `Basic ${credentials}` };
  const response = await fetch(url, { method: 'POST', headers, body: new URLSearchParams(form) });
  const text = await response.text();
  return { status: response.status, body: text && JSON.parse(text) };
}

async function tokenOf(client) {
  const { body } = await post(ready.token_endpoint, client, { grant_type: 'client_credentials' });
  return body.access_token;
}

async function introspect(token, client = ready) {
  const discovery = await (await fetch(`${ready.issuer}/.well-known/openid-configuration`)).json();
  assert.equal(discovery.issuer, ready.issuer);
  assert.equal(new URL(discovery.introspection_endpoint).origin, ready.issuer);
  return post(discovery.introspection_endpoint, client, { token });
}

test('a role is shown as ZITADEL shows it, and not any more once it is removed', async () => {
  const token = await tokenOf(ready.reader);
  const roles = 'urn:zitadel:iam:org:project:roles';

  const { body } = await introspect(token);
  assert.equal(body.active, true);
  assert.equal(body.iss, ready.issuer);
  assert.equal(body.aud, ready.client_id);
  assert.deepEqual(body[roles], { 'read:messages': { '340000000000000200': 'acme.auth.example.com' } });

  assert.deepEqual(await command({ ungrant: ready.reader.client_id }), { ungranted: ready.reader.client_id });
  const { body: later } = await introspect(token);
  assert.equal(later.active, true);
  assert.ok(!(roles in later));
});

test('a revoked token is inactive at once', async () => {
  const token = await tokenOf(ready.no_role);
  assert.equal((await introspect(token)).body.active, true);
  assert.equal((await post(ready.revocation_endpoint, ready.no_role, { token })).status, 200);
  assert.deepEqual(await introspect(token), { status: 200, body: { active: false } });
});

test('only the API with its right secret is told about tokens', async () => {
  const token = await tokenOf(ready.no_role);
  const wrong = { client_id: ready.client_id, client_secret: 'wrong' };
  assert.equal((await introspect(token, wrong)).status, 401);
  assert.deepEqual((await introspect(token, ready.reader)).body, { active: false });
});
