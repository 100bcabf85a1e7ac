import type { EventSubscriptionFieldsFragment } from '../../client/documents/graphql.ts'
import { kinds as everyKind } from '../connection/kind-filter.tsx'
import { t } from '../language/language.ts'
import { viewer } from '../session/session.ts'

export type Subscription = EventSubscriptionFieldsFragment

/** Whether the caller may see and change subscriptions. */
export const managesEvents = (): boolean => viewer.value?.scopes.includes('event:manage') === true

/** Whether no event reaches the owner now, and somebody has to mend that. */
export const isInTrouble = ({ state, failingSince }: Subscription): boolean =>
  state === 'UNVERIFIED' || state === 'OFF' || failingSince !== null

/** The kinds of change of a subscription, in words. */
export const kindsText = (kinds: Subscription['kinds']): string =>
  everyKind.every((kind) => kinds.includes(kind))
    ? t('console.events.kinds.all')
    : everyKind
        .filter((kind) => kinds.includes(kind))
        .map((kind) => t(`console.kind.${kind}`))
        .join(', ')
