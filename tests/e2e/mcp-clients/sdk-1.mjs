// `@modelcontextprotocol/sdk` 1.x.

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import { UnauthorizedError } from '@modelcontextprotocol/sdk/client/auth.js';
import { serve } from './lines.mjs';
import { signedIn } from './signed-in.mjs';
import { TypeScriptClient } from './typescript.mjs';

const sdk = {
  newClient: () => new Client({ name: 'tests', version: '1' }),
  Transport: StreamableHTTPClientTransport,
  UnauthorizedError,
  codeOf: (answer) => answer.get('code'),
};

await serve(new TypeScriptClient(sdk, signedIn, process.argv[2]));
