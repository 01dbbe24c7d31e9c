import { defineGateway } from '../../../src/route/schema.ts'
import shop from './shop.ts'

export default defineGateway({ origins: [shop] })
