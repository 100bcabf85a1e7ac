import { demo, userIdOf } from '../../../prisma/seed-data.ts'
import type { Scope } from '../../domain/operation-rules.ts'

/** The languages of the pages. */
export type Language = 'uk' | 'en'

/** A person who can sign in to the console in development, and the client for which this person acts. */
export interface Person {
  /** The word that stands for the person in the address of the page's form. */
  readonly id: string
  readonly userId: string
  readonly clientId: string
  readonly clientType: string
  readonly scopes: readonly Scope[]
  readonly name: Readonly<Record<Language, string>>
  /** The employer and the rights, in one sentence. */
  readonly work: Readonly<Record<Language, string>>
}

const changing: readonly Scope[] = ['client:read', 'connection:read', 'connection:write']
const everything: readonly Scope[] = [...changing, 'connection:refresh_secret', 'connection:delete', 'event:manage']

/** The five people, in the order of the page. */
export const people: readonly Person[] = [
  {
    id: 'nhs-oksana',
    userId: userIdOf('oksana@nhs.example'),
    ...demo.nhs,
    scopes: everything,
    name: { uk: 'Оксана Мельник', en: 'Oksana Melnyk' },
    work: { uk: 'НСЗУ, фронтофіс. Працює з усіма клієнтами.', en: 'NHS front office. Works with every client.' },
  },
  {
    id: 'nhs-dmytro',
    userId: userIdOf('dmytro@nhs.example'),
    ...demo.nhs,
    scopes: everything,
    name: { uk: 'Дмитро Савчук', en: 'Dmytro Savchuk' },
    work: { uk: 'НСЗУ, фронтофіс. Друга пара очей.', en: 'NHS front office. The second pair of eyes.' },
  },
  {
    id: 'admin',
    userId: userIdOf('bohdan@mithril.example'),
    ...demo.admin,
    scopes: everything,
    name: { uk: 'Богдан Литвин', en: 'Bohdan Lytvyn' },
    work: {
      uk: 'Адміністратор Mithril. Працює з усіма клієнтами.',
      en: 'Mithril administrator. Works with every client.',
    },
  },
  {
    id: 'clinic',
    userId: userIdOf('olena@msp.example'),
    ...demo.msp,
    scopes: everything,
    name: { uk: 'Олена Коваль', en: 'Olena Koval' },
    work: { uk: 'Клініка «Борис». Бачить лише свій заклад.', en: 'Clinic “Borys”. Sees its own client only.' },
  },
  {
    id: 'mis',
    userId: userIdOf('support@mis.example'),
    ...demo.mis,
    scopes: changing,
    name: { uk: 'Андрій Ткач', en: 'Andrii Tkach' },
    work: {
      uk: 'МІС «Здоров’я». Бачить лише свій клієнт, не видаляє, не змінює секретів і не підписується на події.',
      en: 'MIS “Zdorovia”. Sees its own client only, cannot delete connections, renew secrets or subscribe to events.',
    },
  },
]
