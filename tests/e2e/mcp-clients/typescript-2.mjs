// Parts of `@modelcontextprotocol/client` 2.x for `typescript.mjs`. It speaks 2026-07-28 if the server does.

import { Client, StreamableHTTPClientTransport, UnauthorizedError } from '@modelcontextprotocol/client';

export const sdk = {
  newClient: () => new Client({ name: 'tests', version: '1' }, { versionNegotiation: { mode: 'auto' } }),
  Transport: StreamableHTTPClientTransport,
  UnauthorizedError,
  codeOf: (answer) => answer,
};
