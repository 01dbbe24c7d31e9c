/** Turns the shield's part of the schema into what the shield reads on each request. */

import { presets } from '../shield/presets.ts'
import type { ShieldConfig } from './schema-shield.ts'
import type { Csrf, HeaderTable, Shield } from './shield.ts'
import { originSet } from './web-origin.ts'

/** Prepares, at start, what the shield reads on every request. */
export function compileShield(config: ShieldConfig): Shield {
  return {
    cors: corsOf(config.cors),
    csrf: csrfOf(config.csrf),
    headers: headersOf(config.headers ?? 'legacy'),
    mode: config.mode ?? 'enforce',
  }
}

function corsOf(config: ShieldConfig['cors']): Shield['cors'] {
  if (!config || config === 'none') return null
  if (config === 'upstream') return config
  const shared: [string, string][] = []
  if (config.credentials) shared.push(['access-control-allow-credentials', 'true'])
  if (config.expose) shared.push(['access-control-expose-headers', config.expose.join(', ')])
  return {
    origins: config.origins === '*' ? '*' : originSet(config.origins),
    credentials: config.credentials ?? false,
    methods: config.methods ? new Set(config.methods) : null,
    headers: new Set(config.headers?.map((name) => name.toLowerCase())),
    privateNetwork: config.privateNetwork ?? false,
    shared,
    granted: [['access-control-max-age', String(config.maxAgeSeconds ?? 600)]],
  }
}

function csrfOf(config: ShieldConfig['csrf']): Csrf {
  const { origins = [], siblings = false, token = false } = config === 'exempt' ? {} : (config ?? {})
  return { exempt: config === 'exempt', origins: originSet(origins), siblings, token }
}

function headersOf(config: NonNullable<ShieldConfig['headers']>): HeaderTable {
  const table = typeof config === 'string' ? { preset: config } : config
  const preset = table.preset ? presets[table.preset] : { set: {}, setIfAbsent: {}, remove: [] }
  const own = {
    set: lowered(table.set),
    setIfAbsent: lowered(table.setIfAbsent),
    remove: (table.remove ?? []).map((name) => name.toLowerCase()),
  }
  const named = new Set([...Object.keys(own.set), ...Object.keys(own.setIfAbsent), ...own.remove])
  // what the operator names by hand is no longer the preset's business
  const others = (entries: Readonly<Record<string, string>>) =>
    Object.entries(entries).filter(([name]) => !named.has(name))
  const set = [...others(preset.set), ...Object.entries(own.set)]
  return {
    set,
    setIfAbsent: [...others(preset.setIfAbsent), ...Object.entries(own.setIfAbsent)],
    drop: new Set([...preset.remove.filter((name) => !named.has(name)), ...own.remove, ...set.map(([name]) => name)]),
  }
}

const lowered = (entries: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name.toLowerCase(), value]))
