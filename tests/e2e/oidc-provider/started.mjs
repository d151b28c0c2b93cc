// A started server for the tests in this folder.

import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { after } from 'node:test';

export const formEncoded = (text) => new URLSearchParams([['', text]]).toString().slice(1);

/** Starts the server. `ready` is its first line; `command` sends a line and returns the answer. */
export async function start(...options) {
  const child = spawn(process.execPath, ['server.mjs', ...options], { cwd: new URL('.', import.meta.url) });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const nextLine = async () => JSON.parse((await lines.next()).value);
  after(async () => {
    child.stdin.end();
    const [status] = await once(child, 'exit');
    assert.equal(status, 0, 'it ends when stdin closes');
  });
  return {
    ready: await nextLine(),
    command(request) {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return nextLine();
    },
  };
}
