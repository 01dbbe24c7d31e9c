/** Stands in for the module of workerd where its entry is only looked at, on Node. */

export class DurableObject {}
