// Compiles the package: as CommonJS, which runs, and once more as ES modules, for bundlers.

import { execFileSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const here = import.meta.dirname;
const modules = join(here, 'dist', 'esm');
const compiler = createRequire(import.meta.url).resolve('typescript/bin/tsc');
const compile = (project) =>
  execFileSync(process.execPath, [compiler, '--project', join(here, project)], { stdio: 'inherit' });

rmSync(join(here, 'dist'), { recursive: true, force: true });
compile('tsconfig.json');
compile('tsconfig.esm.json');
writeFileSync(join(modules, 'package.json'), '{ "type": "module", "sideEffects": false }\n');
// In a bundle that has become CommonJS there is `__filename`, and otherwise the other. A bundler that
// saw a `require` or a `createRequire` here would try to take the library in.
writeFileSync(
  join(modules, 'here.js'),
  `import * as nodeModule from 'node:module';
import { fileURLToPath } from 'node:url';
export const here = typeof __filename === 'string' ? __filename : fileURLToPath(import.meta.url);
export const loadFrom = Reflect.get(nodeModule, 'createRequire');
export const load = loadFrom(here);
export const PACKAGES = {};
`,
);
