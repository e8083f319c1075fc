/** Every target of `ringfence setup`, in the order of its list. */
import { chromium } from './chromium.ts'
import { docker } from './docker.ts'
import { dockerDaemon } from './docker-daemon.ts'
import { firefox } from './firefox.ts'
import { firewallLinux } from './firewall-linux.ts'
import { firewallMacos } from './firewall-macos.ts'
import { firewallWindows } from './firewall-windows.ts'
import { git } from './git.ts'
import { gnome } from './gnome.ts'
import { macos } from './macos.ts'
import { npm } from './npm.ts'
import { pac } from './pac.ts'
import { pip } from './pip.ts'
import { shell } from './shell.ts'
import { systemd } from './systemd.ts'
import type { Target } from './target.ts'
import { windows } from './windows.ts'
import { wpad } from './wpad.ts'

export const targets = {
  shell,
  git,
  npm,
  pip,
  docker,
  'docker-daemon': dockerDaemon,
  chromium,
  firefox,
  gnome,
  macos,
  windows,
  pac,
  wpad,
  systemd,
  'firewall-linux': firewallLinux,
  'firewall-macos': firewallMacos,
  'firewall-windows': firewallWindows,
} satisfies Readonly<Record<string, Target>>
