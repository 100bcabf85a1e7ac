import type { EventMethod, EventReach } from '../../client/documents/graphql.ts'
import { draftPrefix } from '../drafts/draft.ts'
import type { Subscription } from './subscription.ts'

/** A subscription as it is filled in, before it is created. No secret. */
export interface SubscriptionForm {
  readonly reach: EventReach
  readonly method: EventMethod
  readonly url: string
  readonly kinds: Subscription['kinds']
}

const keyOf = (owner: string) => `${draftPrefix}subscription.${owner}`

/** Keeps what is filled in for an owner. It outlives another screen, a reload and a new sign-in in this tab. */
export const keepSubscriptionDraft = (owner: string, form: SubscriptionForm): void =>
  sessionStorage.setItem(keyOf(owner), JSON.stringify(form))

export const dropSubscriptionDraft = (owner: string): void => sessionStorage.removeItem(keyOf(owner))

/** What was filled in for an owner, or null. */
export function subscriptionDraftOf(owner: string): SubscriptionForm | null {
  const text = sessionStorage.getItem(keyOf(owner))
  return text === null ? null : JSON.parse(text)
}
