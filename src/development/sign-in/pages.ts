import { createHash } from 'node:crypto'
import { type Language, type Person, people } from './people.ts'

const texts = {
  uk: {
    signIn: 'Хто ви сьогодні?',
    why: 'Це вхід для розробки: паролів немає, дані демонстраційні. У продуктиві цієї сторінки не існує.',
    signOut: 'Вийти з консолі?',
    signOutWhy: 'Після виходу консоль знову запитає, хто ви.',
    yes: 'Вийти',
    stay: 'Залишитися в консолі',
    failed: 'Вхід не вдався',
    again: 'Почати вхід спочатку',
    other: 'English',
  },
  en: {
    signIn: 'Who are you today?',
    why: 'This sign-in is for development: no passwords, demo data. The page does not exist in production.',
    signOut: 'Sign out of the console?',
    signOutWhy: 'After that the console asks again who you are.',
    yes: 'Sign out',
    stay: 'Stay in the console',
    failed: 'Sign-in failed',
    again: 'Begin the sign-in again',
    other: 'Українська',
  },
} as const satisfies Record<Language, Record<string, string>>

const style = `
:root { color-scheme: light dark; --ink: light-dark(#1b2430, #e6ebf1); --quiet: light-dark(#55616f, #a3afbd);
  --page: light-dark(#f4f6f8, #11161c); --card: light-dark(#fff, #1a2129); --line: light-dark(#cfd6de, #35404c);
  --accent: light-dark(#0b5cab, #7db8f2); }
* { box-sizing: border-box; }
body { margin: 0; min-height: 100vh; display: grid; place-items: center; padding: 1.5rem 1rem; background: var(--page);
  color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
main { width: 100%; max-width: 30rem; }
h1 { margin: 0 0 .25rem; font-size: 1.5rem; line-height: 1.25; font-weight: 650; }
p { margin: 0 0 1.25rem; color: var(--quiet); overflow-wrap: anywhere; }
.people { display: grid; gap: .5rem; margin: 0; padding: 0; list-style: none; }
button, a.button { display: block; width: 100%; padding: .75rem 1rem;
  border: 1px solid var(--line); border-radius: .5rem;
  background: var(--card); color: inherit; font: inherit; text-align: start; text-decoration: none; cursor: pointer; }
button:hover, a.button:hover { border-color: var(--accent); }
:focus-visible { outline: .1875rem solid var(--accent); outline-offset: .125rem; }
strong { display: block; font-weight: 600; }
small { display: block; font-size: .875rem; color: var(--quiet); }
button.main { margin-bottom: .5rem; border-color: var(--accent); color: var(--accent); font-weight: 600; }
footer { margin-top: 1.5rem; font-size: .875rem; }
footer a { color: var(--accent); }
`

/** The content security policy of every page: one style sheet by its digest, forms to the issuer itself, no script. */
export const pagePolicy =
  `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; img-src data:; ` +
  "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escapeHtml = (text: string) => text.replace(/[&<>"']/g, (character) => entities[character] ?? '')

const page = (language: Language, title: string, content: string) => `<!doctype html>
<html lang="${language}">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>${title} – Mithril</title>
    <link rel="icon" href="data:,">
    <style>${style}</style>
  </head>
  <body>
    <main>
      <h1>${title}</h1>
      ${content}
    </main>
  </body>
</html>
`

/** The language of a request: the first one of `ui_locales` (OpenID Connect Core §3.1.2.1) that the pages have. */
export function languageOf(uiLocales: unknown): Language {
  const wanted = String(uiLocales ?? '').split(' ')
  return wanted.map((tag) => tag.toLowerCase().split('-')[0]).find((tag) => tag === 'uk' || tag === 'en') ?? 'uk'
}

/**
 * The page on which a person signs in.
 * @param action the address of the form; the person's word is appended to it
 */
export function signInPage(language: Language, action: string): string {
  const text = texts[language]
  const button = ({ id, name, work }: Person) => `<li><button formaction="${escapeHtml(`${action}/${id}`)}">
          <strong>${name[language]}</strong> <small>${work[language]}</small>
        </button></li>`
  const other = language === 'uk' ? 'en' : 'uk'
  return page(
    language,
    text.signIn,
    `<p>${text.why}</p>
      <form method="post">
        <ul class="people">
        ${people.map(button).join('\n        ')}
        </ul>
      </form>
      <footer><a href="?lang=${other}" lang="${other}" hreflang="${other}">${text.other}</a></footer>`,
  )
}

/** The page that asks whether to sign out. @param form the library's form, without a button */
export function signOutPage(language: Language, form: string): string {
  const text = texts[language]
  return page(
    language,
    text.signOut,
    `<p>${text.signOutWhy}</p>
      ${form}
      <button class="main" form="op.logoutForm" name="logout" value="yes">${text.yes}</button>
      <a class="button" href="/console/">${text.stay}</a>`,
  )
}

/** The page of a request that the issuer refuses. @param reason the issuer's own words */
export function errorPage(language: Language, reason: string): string {
  const text = texts[language]
  return page(
    language,
    text.failed,
    `<p lang="en">${escapeHtml(reason)}</p>
      <a class="button" href="/console/">${text.again}</a>`,
  )
}
