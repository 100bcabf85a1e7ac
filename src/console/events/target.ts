import { eventTargetViolations } from '../../domain/event-target.ts'
import { type Point, violationText } from '../connection/verdict.ts'
import { t } from '../language/language.ts'

export type TargetPoint = Point

/**
 * The browser does not know the networks that the operator has named. So it lets every literal address pass, and the
 * gateway judges it.
 */
const judgedByGateway = { isAllowed: () => true, isNamed: () => true }

/** What is wrong with a typed target, by the gateway's own rules. */
export const judgeTarget = (url: string): readonly TargetPoint[] =>
  eventTargetViolations(url, judgedByGateway).map(({ id, params }) => ({ id, params, message: '' }))

/** The sentence of a violation. The one about `https://` speaks of redirect URIs elsewhere. */
export const targetText = (point: TargetPoint): string =>
  point.id === 'pattern' ? t('console.events.url.https') : violationText(point)
