import { useSignal } from '@preact/signals'
import { useLocation } from 'preact-iso/router/navigation-api'
import { clientName } from '../connection/client-names.ts'
import { CreatedDialog } from '../events/created-dialog.tsx'
import { NeedsScope } from '../events/needs-scope.tsx'
import { managesEvents } from '../events/subscription.ts'
import { type Created, SubscriptionForm } from '../events/subscription-form.tsx'
import { t } from '../language/language.ts'
import { announce } from '../parts/announce.tsx'
import { Crumbs } from '../parts/crumbs.tsx'
import { ClientName } from '../parts/identity.tsx'
import { useSecretOnce } from '../parts/secret-once.ts'
import { useArrival } from '../places/arrival.ts'
import { go, places } from '../places/places.ts'
import { viewer } from '../session/session.ts'

/** `/events/new`: a new subscription of the own client, or of the client that an admin has chosen. */
export function NewSubscription() {
  const { query } = useLocation()
  const owner = query['client'] || viewer.value?.clientId
  return managesEvents() && owner !== undefined ? <NewSubscriptionOf key={owner} owner={owner} /> : <NeedsScope />
}

function NewSubscriptionOf({ owner }: { readonly owner: string }) {
  const created = useSignal<(Pick<Created, 'challenge'> & { readonly id: string }) | null>(null)
  const secret = useSecretOnce(() => {
    created.value = null
  })
  useArrival(t('console.events.new'), true)
  const caller = viewer.value
  const isAdmin = caller?.seesAllClients === true
  const maySeeAll = isAdmin && caller.clientId === owner

  function show({ eventSubscription: { id }, challenge, secret: once }: Created): void {
    announce(t('console.events.created.done'))
    if (once === null) go(places.subscription(id), { isStep: false })
    else {
      created.value = { id, challenge }
      secret.value = once
    }
  }

  function close(): void {
    const id = created.value?.id
    secret.value = null
    created.value = null
    if (id !== undefined) go(places.subscription(id), { isStep: false })
  }

  return (
    <>
      <Crumbs steps={[{ text: t('console.events'), href: places.events({ client: isAdmin ? owner : null }) }]} />
      <h1 tabIndex={-1}>{t('console.events.new')}</h1>
      <p class="lead">
        {t('console.events.owner')}: <ClientName name={clientName(owner)} />
      </p>
      <SubscriptionForm
        owner={owner}
        reaches={maySeeAll ? ['ALL', 'CLIENT', 'CONSUMER'] : ['CLIENT', 'CONSUMER']}
        onCreated={show}
      />
      {secret.value !== null && created.value !== null && (
        <CreatedDialog challenge={created.value.challenge ?? 'INTERRUPTED'} secret={secret.value} onClose={close} />
      )}
    </>
  )
}
