/** Turns the shield's part of the schema into what the shield reads on each request. */

import { presets } from '../shield/presets.ts'
import type { ShieldConfig } from './schema-shield.ts'
import type { Cors, Csrf, HeaderTable, Shield } from './shield.ts'

/** Prepares, at start, what the shield reads on every request. */
export function compileShield(config: ShieldConfig): Shield {
  return {
    cors: corsOf(config.cors),
    csrf: csrfOf(config.csrf),
    headers: headersOf(config.headers ?? 'legacy'),
  }
}

function corsOf(config: ShieldConfig['cors']): Cors | null {
  if (!config) return null
  return {
    origins: config.origins === '*' ? '*' : new Set(config.origins),
    credentials: config.credentials ?? false,
    methods: config.methods ? new Set(config.methods) : null,
    headers: (config.headers ?? []).map((name) => name.toLowerCase()),
    expose: config.expose ?? [],
    maxAgeSeconds: config.maxAgeSeconds ?? 600,
  }
}

function csrfOf(config: ShieldConfig['csrf']): Csrf {
  if (config === 'exempt') return { exempt: true, origins: new Set(), siblings: false }
  return { exempt: false, origins: new Set(config?.origins), siblings: config?.siblings ?? false }
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
  return {
    set: [...others(preset.set), ...Object.entries(own.set)],
    setIfAbsent: [...others(preset.setIfAbsent), ...Object.entries(own.setIfAbsent)],
    remove: new Set([...preset.remove.filter((name) => !named.has(name)), ...own.remove]),
  }
}

const lowered = (entries: Readonly<Record<string, string>> = {}): Record<string, string> =>
  Object.fromEntries(Object.entries(entries).map(([name, value]) => [name.toLowerCase(), value]))
