// The page: `@modelcontextprotocol/client` 2.x in a browser. It logs in by a window of its own.

import { TypeScriptClient } from './typescript.mjs';
import { sdk } from './typescript-2.mjs';

const PATIENCE_MS = 30_000;

const popup = {
  redirectUrl: `${window.location.origin}/callback`,

  /** Opens the authorization server's page; the page at the redirect URL hands its address to this one. */
  visit(url) {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => reject(new Error('the redirect URL was not called')), PATIENCE_MS);
      window.addEventListener('message', ({ data }) => {
        clearTimeout(timer);
        resolve(new URL(data).searchParams);
      }, { once: true });
      window.open(url);
    });
  },
};

window.start = (url) => { window.client = new TypeScriptClient(sdk, popup, url); };
