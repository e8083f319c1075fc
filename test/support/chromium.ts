/** Chromium as tests start it: headless, with a profile of its own, and quiet towards everybody but the page. */
import fs from 'node:fs'

/** The file, or `undefined` where it is not installed. */
export const chromium = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => fs.existsSync(file))

/** `profile`: a folder that is its own. */
export const chromiumFlags = (profile: string): readonly string[] => [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-sync',
  '--disable-extensions',
  '--disable-breakpad',
  '--no-first-run',
  '--no-pings',
  '--disable-features=Translate,OptimizationHints,MediaRouter,HttpsUpgrades,HttpsFirstBalancedModeAutoEnable',
  `--user-data-dir=${profile}`,
]

/** Nothing of the user's own, and no desktop. */
export const chromiumEnv = (profile: string): Readonly<Record<string, string>> => ({
  HOME: profile,
  XDG_CONFIG_HOME: profile,
  XDG_CACHE_HOME: profile,
  DBUS_SESSION_BUS_ADDRESS: 'disabled:',
})
