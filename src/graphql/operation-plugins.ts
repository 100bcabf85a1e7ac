import SchemaBuilder, { BasePlugin, type PothosOutputFieldConfig, type SchemaTypes } from '@pothos/core'
import type { GraphQLFieldResolver } from 'graphql'
import type { GraphQLContext } from './context.ts'
import { toGraphQLError } from './errors.ts'
import { accessSentence, guardOf } from './permit-guard.ts'
import { judgeSelection } from './selection-below-write.ts'

/** Stands before scope-auth in the list of plugins, so it wraps the guards. */
export const refusalsPlugin = 'gatewayRefusals'
/** Stands after scope-auth in the list of plugins, so it runs between the guards and the resolver. */
export const writesPlugin = 'gatewayWrites'

declare global {
  export namespace PothosSchemaTypes {
    export interface Plugins<Types extends SchemaTypes> {
      gatewayRefusals: RefusalsPlugin<Types>
      gatewayWrites: WritesPlugin<Types>
    }
  }
}

const withSentence = (description: string | null | undefined, sentence: string) =>
  `${description ?? ''} ${sentence}`.trim()

/** Turns refusals into errors of GraphQL, and adds the guard's scope to descriptions. */
class RefusalsPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override onOutputFieldConfig(field: PothosOutputFieldConfig<Types>): PothosOutputFieldConfig<Types> {
    const sentence = accessSentence(guardOf(field.pothosOptions))
    const args = Object.entries(field.args).map(([name, arg]) => [
      name,
      { ...arg, description: withSentence(arg.description, sentence) },
    ])
    return {
      ...field,
      description: withSentence(field.description, sentence),
      args: Object.fromEntries(args) as typeof field.args, // the same members
    }
  }

  /**
   * Converts refusals. Yoga's `maskError` could do it, but Yoga logs each masked error as unexpected. A field without a
   * guard does no work that could be refused.
   */
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (guardOf(field.pothosOptions) === undefined) return resolve
    return (parent, args, context: Types['Context'], info) => {
      const { onError } = context as GraphQLContext // this builder's own
      const refuse = (error: unknown): never => {
        onError(error)
        throw toGraphQLError(error)
      }
      try {
        const result: unknown = resolve(parent, args, context, info)
        return result instanceof Promise ? result.catch(refuse) : result
      } catch (error) {
        return refuse(error)
      }
    }
  }
}

/** Judges the selection below a mutation before the write, so that no write loses its payload to a refusal. */
class WritesPlugin<Types extends SchemaTypes> extends BasePlugin<Types> {
  override wrapResolve(
    resolve: GraphQLFieldResolver<unknown, Types['Context'], object>,
    field: PothosOutputFieldConfig<Types>,
  ): GraphQLFieldResolver<unknown, Types['Context'], object> {
    if (field.parentType !== 'Mutation') return resolve
    return async (parent, args, context: Types['Context'], info) => {
      const ours = context as GraphQLContext // this builder's own
      await judgeSelection(info, ours, ours.permits.of(args).clientId)
      return resolve(parent, args, context, info)
    }
  }
}

SchemaBuilder.registerPlugin(refusalsPlugin, RefusalsPlugin)
SchemaBuilder.registerPlugin(writesPlugin, WritesPlugin)
