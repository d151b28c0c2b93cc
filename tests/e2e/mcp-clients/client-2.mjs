// `@modelcontextprotocol/client` 2.x.

import { serve } from './lines.mjs';
import { signedIn } from './signed-in.mjs';
import { TypeScriptClient } from './typescript.mjs';
import { sdk } from './typescript-2.mjs';

await serve(new TypeScriptClient(sdk, signedIn, process.argv[2]));
