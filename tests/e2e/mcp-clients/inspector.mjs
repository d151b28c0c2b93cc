// The Inspector's command line: one process for each line, with a home directory of its own that keeps the tokens.

import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { serve } from './lines.mjs';
import { told } from './told.mjs';

const PROGRAM = new URL('node_modules/@modelcontextprotocol/inspector/clients/cli/build/index.js', import.meta.url);
const PATIENCE_MS = 30_000;

/** Returns a port that is free at this moment. */
async function freePort() {
  const server = createServer();
  await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
  const { port } = server.address();
  await new Promise((resolve) => { server.close(resolve); });
  return port;
}

/** Runs the program. The person opens the URL that it prints; the redirect leads to its own listener. */
async function run(options, home) {
  const child = spawn(process.execPath, [PROGRAM.pathname, ...options], {
    // With an empty path it finds no browser, and only prints the URL.
    env: { HOME: home, PATH: '', MCP_AUTO_OPEN_ENABLED: 'true', MCP_INSPECTOR_SECRET_STORE: 'file' },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: PATIENCE_MS,
  });
  let output = '';
  child.stdout.on('data', (bytes) => { output += bytes; });
  const lines = [];
  createInterface({ input: child.stderr }).on('line', (line) => {
    lines.push(line);
    const url = line.match(/^Please navigate to: (\S+)$/)?.[1];
    if (url) fetch(url).catch((error) => lines.push(`the page did not open: ${error.message}`));
  });
  await new Promise((resolve) => { child.on('close', resolve); });
  if (output === '') throw new Error(lines.join('\n'));
  return JSON.parse(output).result;
}

class Inspector {
  #url;
  #home;
  #clientId;

  constructor(url) { this.#url = url; }

  async connect({ client_id: clientId }) {
    await this.end();
    this.#home = await mkdtemp(join(tmpdir(), 'inspector-'));
    this.#clientId = clientId;
    await this.#run('--method', 'tools/list');
  }

  async call(tool) {
    return told(await this.#run('--method', 'tools/call', '--tool-name', tool, '--tool-args-json', '{"id":1}'));
  }

  async end() {
    if (this.#home) await rm(this.#home, { recursive: true });
    this.#home = undefined;
  }

  async #run(...method) {
    const callback = `http://127.0.0.1:${await freePort()}/callback`;
    const options = ['--server-url', this.#url, '--transport', 'http', '--format', 'json', '--callback-url', callback];
    if (this.#clientId) options.push('--client-id', this.#clientId);
    return run([...options, ...method], this.#home);
  }
}

await serve(new Inspector(process.argv[2]));
