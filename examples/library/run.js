// Puts the library and offloop beside the application, as `npm install` would, and starts it.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const here = fileURLToPath(new URL('.', import.meta.url));
const installed = mkdtempSync(join(tmpdir(), 'offloop-library-'));

try {
  cpSync(join(here, 'app'), installed, { recursive: true });
  mkdirSync(join(installed, 'node_modules'));
  cpSync(join(here, 'nearest-word'), join(installed, 'node_modules/nearest-word'), { recursive: true });
  symlinkSync(join(here, '../..'), join(installed, 'node_modules/offloop'), 'junction');
  process.exitCode = spawnSync(process.execPath, ['app.js'], { cwd: installed, stdio: 'inherit' }).status ?? 1;
} finally {
  rmSync(installed, { recursive: true, force: true });
}
