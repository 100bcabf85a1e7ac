import type { consoleEventsEn } from './console-events-en.ts'

/** The Ukrainian texts of the console's screens of events. */
export const consoleEventsUk = {
  'console.events': 'Події',
  'console.events.lead': 'Підписка повідомляє клієнта про кожну зміну з’єднання.',
  'console.events.of': 'Події для клієнта {client}',
  'console.events.all': 'Підписки всіх клієнтів',
  'console.events.ofClient': 'Підписки цього клієнта на події',
  'console.events.ofWhom': 'Клієнт: назва або UUID',
  'console.events.new': 'Нова підписка',
  'console.events.none': 'Підписок ще немає',
  'console.events.none.text':
    'Без підписки власник з’єднання дізнається про зміну лише тоді, коли користувачі не зможуть увійти.',
  'console.events.subscription': 'Підписка',
  'console.events.absent': 'Такої підписки немає, або її видалено',
  'console.events.uuid': 'UUID підписки',
  'console.events.owner': 'Власник',
  'console.events.target': 'Куди надходять події',
  'console.events.poll': 'клієнт забирає сам',
  'console.events.created': 'Створено',
  'console.events.keyRotated': 'Ключ змінено',
  'console.events.never': 'ніколи',
  'console.events.waiting': 'Очікують доставлення',
  'console.events.dead': 'Не доставлено',
  'console.events.refresh': 'Оновити',
  'console.events.refreshed': 'Список оновлено.',

  'console.events.reach': 'Про які з’єднання сповіщати',
  'console.events.reach.CLIENT': 'З’єднання цього клієнта',
  'console.events.reach.CONSUMER': 'З’єднання, у яких він є споживачем',
  'console.events.reach.ALL': 'Усі з’єднання',
  'console.events.method': 'Як надходять події',
  'console.events.method.PUSH': 'Їх надсилає шлюз',
  'console.events.method.PUSH.hint': 'Кожна подія — це підписаний запит до вашого сервера.',
  'console.events.method.POLL': 'Їх забирає клієнт',
  'console.events.method.POLL.hint': 'Для систем, які не мають сервера в інтернеті.',
  'console.events.url': 'Адреса вашого сервера',
  'console.events.url.hint':
    'Починається з https://, порт 443. Шлюз одразу надішле туди перевірний текст, і сервер має його повторити.',
  'console.events.url.https': 'Адреса має починатися з https:// малими літерами, і після цього має бути хост.',
  'console.events.kinds': 'Зміни',
  'console.events.kinds.all': 'усі зміни',
  'console.events.kinds.none': 'Виберіть принаймні один вид змін.',
  'console.events.create': 'Підписатися',
  'console.events.creating': 'Шлюз перевіряє ваш сервер. Це триває до 10 секунд.',
  'console.events.create.refused':
    '{count, plural, one {Не створено: виправте # помилку.} few {Не створено: виправте # помилки.} ' +
    'many {Не створено: виправте # помилок.} other {Не створено: виправте # помилки.}}',
  'console.events.create.restored': 'Заповнене відновлено',
  'console.events.created.done': 'Підписку створено.',
  'console.events.created.active': 'Ваш сервер відповів, підписка активна.',
  'console.events.created.unverified': 'Підписку створено, але ваш сервер ще не пройшов перевірку',
  'console.events.created.interrupted': 'Шлюз не зміг завершити перевірку.',
  'console.events.created.next': 'Внесіть секрет на своєму сервері, а потім натисніть «Перевірити сервер».',

  'console.events.state': 'Стан',
  'console.events.state.UNVERIFIED': 'не перевірено',
  'console.events.state.ACTIVE': 'активна',
  'console.events.state.PAUSED': 'призупинена',
  'console.events.state.OFF': 'вимкнена',
  'console.events.failing': 'збій',

  'console.events.trouble.OFF':
    'Підписку вимкнено: її сервер п’ять днів не приймав подій або відмовився від них назавжди',
  'console.events.trouble.OFF.text':
    'Подій вона не отримує. Налагодьте сервер, перевірте його, а потім надішліть повторно події за цей час.',
  'console.events.trouble.failing': 'Сервер не приймає подій із {time}',
  'console.events.trouble.failing.text': 'Шлюз повторює спроби дедалі рідше. Через п’ять днів він вимкне підписку.',
  'console.events.trouble.UNVERIFIED': 'Сервер ще не пройшов перевірку, тому не отримує подій',
  'console.events.trouble.UNVERIFIED.text': 'Внесіть секрет на своєму сервері, а потім перевірте його.',
  'console.events.trouble.PAUSED': 'Підписку призупинено',
  'console.events.trouble.PAUSED.text': 'Події чекають своєї черги, доки ви її не відновите.',
  'console.events.trouble.some':
    '{count, plural, one {# підписка на цій сторінці не отримує подій} ' +
    'few {# підписки на цій сторінці не отримують подій} ' +
    'many {# підписок на цій сторінці не отримують подій} ' +
    'other {# підписки на цій сторінці не отримують подій}}',

  'console.events.acts': 'Що можна зробити',
  'console.events.verify': 'Перевірити сервер',
  'console.events.verify.hint': 'Шлюз надсилає перевірний текст, і сервер має його повторити.',
  'console.events.verify.refused': 'Ваш сервер не пройшов перевірку',
  'console.events.verified': 'Ваш сервер відповів.',
  'console.events.verified.replay': 'Події за час, коли підписку було вимкнено, не надіслано.',
  'console.events.pause': 'Призупинити',
  'console.events.pause.hint': 'Події чекатимуть, доки ви не відновите підписку.',
  'console.events.paused': 'Підписку призупинено.',
  'console.events.resume': 'Відновити',
  'console.events.resume.hint': 'Події, що чекають, буде доставлено за порядком.',
  'console.events.resumed': 'Підписка знову активна.',
  'console.events.rotate': 'Новий ключ',
  'console.events.rotate.hint': 'Якщо секрет міг стати відомим стороннім.',
  'console.events.rotate.text':
    'Шлюз створить новий секрет підпису й покаже його один раз. Ще 24 години він підписуватиме події також старим ' +
    'секретом, тож на заміну у вас є доба.',
  'console.events.rotate.do': 'Створити новий секрет',
  'console.events.delete': 'Видалити підписку',
  'console.events.delete.hint': 'Події, що чекають, уже не буде доставлено.',
  'console.events.delete.text': 'Клієнт більше не отримуватиме подій за цією підпискою. Відновити її не можна.',
  'console.events.delete.waiting':
    '{count, plural, =0 {Жодна подія не чекає.} one {# подія чекає, і її не буде доставлено.} ' +
    'few {# події чекають, і їх не буде доставлено.} many {# подій чекають, і їх не буде доставлено.} ' +
    'other {# події чекають, і їх не буде доставлено.}}',
  'console.events.delete.do': 'Видалити назавжди',
  'console.events.deleted': 'Підписку видалено.',
  'console.events.notNow.replay': 'Лише для активної або призупиненої підписки.',

  'console.events.poll.title': 'Як забирати події',
  'console.events.poll.fetch': 'Забирайте події так (запит чекає на нові до 20 секунд):',
  'console.events.poll.acknowledge': 'Потім підтвердьте їхні ідентифікатори. Доти події надходитимуть знову:',

  'console.events.deliveries': 'Доставлення',
  'console.events.deliveries.none': 'Доставлень немає',
  'console.events.deliveries.none.text': 'Відтоді жодне з’єднання не змінилося, або фільтру нічого не відповідає.',
  'console.events.delivery.event': 'Подія',
  'console.events.delivery.connection': 'З’єднання',
  'console.events.delivery.attempts': 'Спроби',
  'console.events.delivery.answer': 'Остання відповідь',
  'console.events.delivery.noAnswer': 'ще немає',
  'console.events.delivery.next': 'Наступна спроба або завершення',
  'console.events.delivery.due': 'у порядку черги',
  'console.events.delivery.nextAt': 'наступна:',
  'console.events.delivery.endedAt': 'завершено:',
  'console.events.delivery.state': 'Стан доставлення',
  'console.events.delivery.state.all': 'усі',
  'console.events.delivery.state.PENDING': 'очікує',
  'console.events.delivery.state.DELIVERED': 'доставлено',
  'console.events.delivery.state.DEAD': 'не доставлено',
  'console.events.failure.status': 'сервер відмовив',
  'console.events.failure.address': 'немає адреси, на яку можна надсилати події',
  'console.events.failure.timeout': 'сервер не відповів вчасно',
  'console.events.failure.tls': 'немає захищеного з’єднання',
  'console.events.failure.connection': 'сервер недоступний',
  'console.events.failure.stopped': 'шлюз зупинився під час спроби',
  'console.events.failure.archived': 'зміну перенесено до архіву',
  'console.events.failure.expired': 'її вчасно не забрали',

  'console.events.replay': 'Надіслати повторно',
  'console.events.replay.title': 'Надіслати події повторно',
  'console.events.replay.text':
    'Події зберігають свої ідентифікатори й порядок. Ті, що вже чекають, лишаються в черзі.',
  'console.events.replay.by': 'Які події',
  'console.events.replay.byTime': 'За проміжок часу',
  'console.events.replay.byConnection': 'Одного з’єднання',
  'console.events.replay.from': 'Від (за Києвом)',
  'console.events.replay.to': 'До (за Києвом)',
  'console.events.replay.connection': 'UUID з’єднання',
  'console.events.replay.noTime': 'Укажіть обидва моменти з датою.',
  'console.events.replay.done':
    '{count, plural, =0 {Надсилати нічого: таких подій немає або вони вже чекають} ' +
    'one {У чергу додано # подію} few {У чергу додано # події} many {У чергу додано # подій} ' +
    'other {У чергу додано # події}}',
  'console.events.replay.paused': 'Їх буде доставлено, щойно ви відновите підписку.',
  'console.events.replay.soFar':
    '{count, plural, one {Поки що в чергу додано # подію} few {Поки що в чергу додано # події} ' +
    'many {Поки що в чергу додано # подій} other {Поки що в чергу додано # події}}',
  'console.events.replay.more': 'Додаємо решту. Якщо зупинити, додані події залишаться в черзі.',
  'console.events.replay.stop': 'Зупинити',
  'console.events.replay.goOn': 'Продовжити',
} as const satisfies Record<keyof typeof consoleEventsEn, string>
