// `@modelcontextprotocol/client` 2.x in a page, in Debian's Chromium: requests that CORS allows and refuses.

import { build } from 'esbuild';
import { accessSync, constants } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { chromium } from 'playwright-core';
import { serve } from './lines.mjs';

const FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync',
];
const CALLBACK = '<script>opener.postMessage(location.href, location.origin); close();</script>';

/** Returns the path of Debian's Chromium. */
function executable() {
  const candidates = process.env.PATH.split(delimiter).map((directory) => join(directory, 'chromium'));
  const found = candidates.find((path) => {
    try { accessSync(path, constants.X_OK); return true; } catch { return false; }
  });
  if (!found) throw new Error('chromium is missing');
  return found;
}

/** Serves the page and its redirect URL, from an origin that is neither the API's nor the authorization server's. */
async function servePage(port) {
  const bundle = { entryPoints: ['page.mjs'], bundle: true, write: false, format: 'iife', platform: 'browser' };
  const { outputFiles: [{ text: script }] } = await build(bundle);
  const page = `<!doctype html><script>${script.replaceAll('</script', '<\\/script')}</script>`;
  const server = createServer((request, response) => {
    response.setHeader('content-type', 'text/html; charset=utf-8');
    response.end(request.url.startsWith('/callback') ? CALLBACK : page);
  });
  await new Promise((resolve) => { server.listen(port, '127.0.0.1', resolve); });
}

class Page {
  #home;
  #context;
  #page;

  async start(url, port) {
    await servePage(port);
    this.#home = await mkdtemp(join(tmpdir(), 'chromium-'));
    const options = { executablePath: executable(), args: FLAGS, headless: true };
    this.#context = await chromium.launchPersistentContext(this.#home, options);
    this.#page = await this.#context.newPage();
    await this.#page.goto(`http://127.0.0.1:${port}/`);
    await this.#page.evaluate((server) => window.start(server), url);
  }

  connect(client) { return this.#page.evaluate((given) => window.client.connect(given), client); }

  call(tool) { return this.#page.evaluate((name) => window.client.call(name), tool); }

  async end() {
    await this.#context.close();
    await rm(this.#home, { recursive: true });
  }
}

const [url, port] = process.argv.slice(2);
const page = new Page();
await page.start(url, Number(port));
await serve(page);
