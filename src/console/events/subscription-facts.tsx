import type { ComponentChildren } from 'preact'
import type { MessageId } from '../../messages/en.ts'
import { t } from '../language/language.ts'
import { Uuid } from '../parts/identity.tsx'
import { Moment } from '../parts/moment.tsx'
import { StateBadge } from './state-badge.tsx'
import { kindsText, type Subscription } from './subscription.ts'
import { Owner } from './subscription-table.tsx'

interface SubscriptionFactsProps {
  readonly subscription: Subscription
  /** How many events wait, and how many were given up. null: that is not known. */
  readonly waiting: number | null
  readonly dead: number | null
}

/** What a subscription receives, and how it stands. */
export function SubscriptionFacts({ subscription, waiting, dead }: SubscriptionFactsProps) {
  const { id, clientId, reach, method, kinds, keyRotatedAt, insertedAt } = subscription
  return (
    <section class="card">
      <dl class="facts">
        <Fact name="console.events.state">
          <StateBadge {...subscription} />
        </Fact>
        <Fact name="console.events.waiting">{waiting ?? '–'}</Fact>
        <Fact name="console.events.dead">{dead ?? '–'}</Fact>
        <Fact name="console.events.reach">{t(`console.events.reach.${reach}`)}</Fact>
        <Fact name="console.events.kinds">{kindsText(kinds)}</Fact>
        <Fact name="console.events.method">{t(`console.events.method.${method}`)}</Fact>
        <Fact name="console.events.owner">
          <Owner id={clientId} />
        </Fact>
        <Fact name="console.events.uuid">
          <Uuid id={id} label={t('console.events.uuid')} />
        </Fact>
        <Fact name="console.events.created">
          <Moment at={insertedAt} />
        </Fact>
        {method === 'PUSH' && (
          <Fact name="console.events.keyRotated">
            {keyRotatedAt === null ? t('console.events.never') : <Moment at={keyRotatedAt} />}
          </Fact>
        )}
      </dl>
    </section>
  )
}

function Fact({ name, children }: { readonly name: MessageId; readonly children: ComponentChildren }) {
  return (
    <div>
      <dt>{t(name)}</dt>
      <dd>{children}</dd>
    </div>
  )
}
