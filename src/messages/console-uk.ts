import type { consoleEn } from './console-en.ts'

/** The Ukrainian texts of the console, for the people of the front office. */
export const consoleUk = {
  'console.brand': 'Консоль Mithril',
  'console.skip': 'Перейти до вмісту',
  'console.sections': 'Розділи',
  'console.crumbs': 'Шлях сюди',
  'console.language': 'Мова',
  'console.language.uk': 'Українська',
  'console.language.en': 'English',
  'console.loading': 'Завантаження …',
  'console.retry': 'Спробувати ще раз',
  'console.close': 'Закрити',
  'console.cancel': 'Скасувати',
  'console.copy': 'Копіювати',
  'console.copyWhat': 'Копіювати: {what}',
  'console.copied': 'Скопійовано.',
  'console.copyFailed': 'Браузер не дозволив копіювати. Виділіть текст і скопіюйте його самостійно.',
  'console.requestId': 'Запит',
  'console.time.kyiv': '{time} за Києвом',
  'console.column.kyiv': '{title} (за Києвом)',
  'console.pages': 'Сторінки: {list}',
  'console.total':
    '{count, plural, one {Усього # запис} few {Усього # записи} many {Усього # записів} other {Усього # запису}}',
  'console.newest': '← На початок',
  'console.older': 'Наступна сторінка →',
  'console.needsScope': 'Потрібен дозвіл {scope}.',
  'console.fault': 'У консолі сталася помилка. Перезавантажте сторінку: введений текст збережено.',
  'console.oldBrowser': 'Цей браузер застарий для консолі. Оновіть його, будь ласка.',
  'console.notFound': 'Такої сторінки немає',
  'console.notFound.text': 'За цією адресою нічого немає.',

  'console.signIn': 'Увійти',
  'console.signOut': 'Вийти',
  'console.signInAsOther': 'Увійти від іншого імені',
  'console.signedOut': 'Ви вийшли із системи',
  'console.signedOut.text': 'У цьому браузері не залишилося нічого з вашої роботи.',
  'console.refused': 'Шлюз вас не впускає',
  'console.refused.text':
    'Можливо, вашого клієнта або користувача заблоковано чи служба входу видала токен для іншої системи.',
  'console.signInFailed': 'Увійти не вдалося',
  'console.signInFailed.text':
    'Служба входу не відповіла або її відповідь не пройшла перевірки. Введений текст збережено. Спробуйте ще раз.',

  'console.failure.NO_ANSWER': 'Шлюз не відповідає',
  'console.failure.NO_ANSWER.advice': 'Перевірте мережу і спробуйте ще раз. Введений текст збережено.',
  'console.failure.FORBIDDEN': 'Це не ваш клієнт',
  'console.failure.FORBIDDEN.advice': 'Ви можете працювати лише з клієнтом свого закладу.',
  'console.failure.scope': 'Вам бракує дозволу {scope}',
  'console.failure.scope.advice': 'Попросіть адміністратора надати його, а потім увійдіть ще раз.',
  'console.failure.NOT_FOUND': 'Цього запису вже немає',
  'console.failure.NOT_FOUND.advice': 'Можливо, його хтось видалив. Перезавантажте сторінку, щоб побачити.',
  'console.failure.TOO_MANY_REQUESTS': 'Забагато змін за короткий час',
  'console.failure.SERVICE_UNAVAILABLE': 'Сервіс тимчасово недоступний',
  'console.failure.wait.advice':
    '{seconds, plural, one {Спробуйте ще раз через # секунду. Введений текст збережено.} ' +
    'few {Спробуйте ще раз через # секунди. Введений текст збережено.} ' +
    'many {Спробуйте ще раз через # секунд. Введений текст збережено.} ' +
    'other {Спробуйте ще раз через # секунди. Введений текст збережено.}}',
  'console.failure.later.advice': 'Спробуйте ще раз трохи згодом. Введений текст збережено.',
  'console.failure.UNAUTHENTICATED': 'Ваш сеанс завершився',
  'console.failure.UNAUTHENTICATED.advice': 'Увійдіть ще раз. Введений текст збережено.',
  'console.failure.UNPROCESSABLE_ENTITY': 'Шлюз відхилив значення',
  'console.failure.UNPROCESSABLE_ENTITY.advice': 'Перевірте введене значення та адресу сторінки.',
  'console.failure.other': 'На боці шлюзу щось пішло не так',
  'console.failure.other.advice': 'Спробуйте ще раз. Якщо це повториться, повідомте службі підтримки номер запиту.',

  'console.clients': 'Клієнти',
  'console.clients.none': 'Клієнтів не знайдено',
  'console.clients.none.text': 'Перевірте написання або шукайте за частиною назви. Апостроф може бути будь-який.',
  'console.clearSearch': 'Показати всіх клієнтів',
  'console.search.name': 'Назва або UUID',
  'console.search.placeholder': 'Частина назви',
  'console.search.noUuid': 'Немає ні клієнта, ні з’єднання з таким UUID.',
  'console.search.all': 'Усі',
  'console.search.active': 'Активні',
  'console.search.blocked': 'Заблоковані',

  'console.client': 'Клієнт',
  'console.client.own': 'Мій клієнт',
  'console.client.name': 'Назва',
  'console.client.unnamed': 'без назви',
  'console.client.type': 'Тип',
  'console.client.uuid': 'UUID клієнта',
  'console.client.state': 'Стан',
  'console.client.active': 'активний',
  'console.client.blocked': 'заблокований',
  'console.client.registered': 'Зареєстровано',
  'console.client.updated': 'Востаннє змінено',
  'console.client.isBlocked': 'Цього клієнта заблоковано: через нього ніхто не може увійти',
  'console.client.noReason': 'Причину не вказано.',
  'console.client.absent': 'Клієнта з таким UUID немає',
  'console.client.connections': 'З’єднання',
  'console.client.connections.none': 'Цей клієнт не має з’єднань',
  'console.client.history': 'Зміни всіх з’єднань, зокрема видалених',
  'console.client.asConsumer': 'З’єднання, у яких цей клієнт є споживачем',

  'console.connection': 'З’єднання',
  'console.connection.lead': 'здійснює вхід користувачів до клієнта',
  'console.connection.consumer': 'Споживач',
  'console.connection.client': 'Клієнт',
  'console.connection.redirectUri': 'Посилання перенаправлення',
  'console.connection.isHttp': 'без шифрування (http)',
  'console.connection.facts': 'Про з’єднання',
  'console.connection.uuid': 'UUID з’єднання',
  'console.connection.version': 'Версія',
  'console.connection.made': 'Створено',
  'console.connection.updated': 'Змінено',
  'console.connection.absent': 'Такого з’єднання немає, або його видалено',
  'console.connection.absent.history': 'Видалені з’єднання цього клієнта',
  'console.connection.typed': 'Ви ввели:',

  'console.connections': 'З’єднання споживача',
  'console.connections.choose.text':
    'Знайдіть споживача, зазвичай медичну інформаційну систему, щоб побачити його з’єднання з усіма клієнтами.',
  'console.connections.host': 'Хост',
  'console.connections.text': 'Текст у посиланні',
  'console.connections.none': 'З’єднань не знайдено',
  'console.connections.none.text': 'Споживач їх не має, або жодне не відповідає фільтру.',
  'console.connections.of': 'З’єднання споживача {consumer}',
  'console.connections.ownOnly': 'З’єднання різних клієнтів бачать лише адміністратори',

  'console.part': 'Частина',
  'console.part.scheme': 'Схема',
  'console.part.host': 'Хост',
  'console.part.port': 'Порт',
  'console.part.path': 'Шлях',
  'console.part.query': 'Параметри',
  'console.part.fragment': 'Фрагмент',
  'console.part.none': 'немає',
  'console.part.changed': 'змінено',
  'console.part.asciiHost': 'той самий хост в іншій формі: {host}',
  'console.character.title': 'Символ {character}: його не видно, або він схожий на інший',

  'console.editor.field': 'Нове посилання перенаправлення',
  'console.editor.now': 'Зараз',
  'console.editor.then': 'Після збереження',
  'console.editor.comparison': 'Значення зараз і після збереження, частина за частиною',
  'console.editor.save': 'Зберегти',
  'console.editor.saveHost': 'Зберегти, хоча хост змінюється',
  'console.editor.saveAnyway': 'Зберегти попри застереження',
  'console.editor.cancel': 'Відкинути',
  'console.editor.restored': 'Ваш незбережений текст відновлено',
  'console.editor.unchanged': 'Це значення вже збережено. Зберігати нічого.',
  'console.editor.refused':
    '{count, plural, one {Не збережено: порушено # правило.} ' +
    'few {Не збережено: порушено # правила.} ' +
    'many {Не збережено: порушено # правил.} ' +
    'other {Не збережено: порушено # правила.}}',
  'console.editor.confirmFirst': 'Ще не збережено: спершу підтвердьте застереження.',
  'console.editor.violations':
    '{count, plural, one {Зберегти не можна, є # причина} ' +
    'few {Зберегти не можна, є # причини} ' +
    'many {Зберегти не можна, є # причин} ' +
    'other {Зберегти не можна, є # причини}}',
  'console.editor.warnings':
    '{count, plural, one {Зверніть увагу на # застереження} ' +
    'few {Зверніть увагу на # застереження} ' +
    'many {Зверніть увагу на # застережень} ' +
    'other {Зверніть увагу на # застереження}}',
  'console.editor.confirm':
    '{count, plural, one {Застереження переглянуто, значення правильне.} ' +
    'other {Усі застереження переглянуто, значення правильне.}}',
  'console.editor.confirmHost': 'Після входу користувачі повертатимуться на {to}, а не на {from}.',
  'console.fix.unseen':
    '{count, plural, one {Прибрати # невидимий символ} ' +
    'few {Прибрати # невидимі символи} ' +
    'many {Прибрати # невидимих символів} ' +
    'other {Прибрати # невидимого символу}}',
  'console.fix.lookAlikes':
    '{count, plural, one {Замінити # кириличну літеру на латинську} ' +
    'few {Замінити # кириличні літери на латинські} ' +
    'many {Замінити # кириличних літер на латинські} ' +
    'other {Замінити # кириличної літери на латинські}}',

  'console.undo': 'Скасувати зміну',
  'console.undo.bar': 'Остання зміна',
  'console.undo.changed': 'Посилання перенаправлення змінено.',
  'console.undo.putBack': 'Попереднє посилання повернуто.',
  'console.undo.impossible': 'Скасувати не можна: {reason}',
  'console.undo.failed': 'Зміну не знайдено в історії',
  'console.undo.failed.advice':
    'Можливо, після неї були інші. Виберіть значення, яке треба повернути, в історії нижче.',

  'console.conflict.title': 'З’єднання тим часом змінив хтось інший',
  'console.conflict.text': 'Нічого не збережено. Порівняйте значення і вирішіть.',
  'console.conflict.seen': 'Ви бачили',
  'console.conflict.theirs': 'Збережено зараз',
  'console.conflict.mine': 'Ваше значення',
  'console.conflict.takeTheirs': 'Залишити збережене',
  'console.conflict.putMine': 'Зберегти моє поверх нього',
  'console.conflict.goOn': 'Усе одно виконати',
  'console.conflict.keepEditing': 'Редагувати далі',

  'console.history': 'Історія',
  'console.history.none': 'Записів про зміни немає',
  'console.change.when': 'Коли',
  'console.change.what': 'Що',
  'console.change.who': 'Хто і через що',
  'console.change.back': 'Повернути',
  'console.change.kind': 'Зміни',
  'console.change.kind.all': 'усі',
  'console.change.before': 'Було:',
  'console.change.after': 'Стало:',
  'console.change.external': 'Інша програма',
  'console.change.details': 'Докладно',
  'console.change.client': 'Клієнт',
  'console.change.user': 'Користувач',
  'console.change.broker': 'Через систему (брокер)',
  'console.kind.UPDATED': 'Змінено',
  'console.kind.REVERTED': 'Повернуто',
  'console.kind.SECRET_REFRESHED': 'Новий секрет',
  'console.kind.DELETED': 'Видалено',
  'console.kind.CREATED': 'Створено',
  'console.kind.MOVED': 'Переміщено',
  'console.kind.MOVED.away': 'Переміщено звідси',
  'console.door.GRAPHQL': 'GraphQL',
  'console.door.REST': 'REST',
  'console.door.EXTERNAL': 'повз шлюз',
  'console.putBack': 'Повернути',
  'console.putBack.title': 'Повернути значення з іншим хостом?',
  'console.putBack.isCurrent': 'Це теперішнє значення',
  'console.putBack.impossible': 'Повернути не можна: {reason}',

  'console.danger': 'Дії, які одразу зупиняють вхід',
  'console.typeHost': 'Для підтвердження введіть хост:',
  'console.typeHost.differs': 'Уведений хост не є хостом цього з’єднання.',
  'console.secret.title': 'Новий секрет',
  'console.secret.short': 'Старий секрет одразу перестане діяти. Новий буде показано один раз.',
  'console.secret.text':
    'Від цієї миті {consumer} не зможе здійснювати вхід зі старим секретом. Передайте новий секрет негайно.',
  'console.secret.apiKey': 'Ключ споживача {consumer}',
  'console.secret.apiKey.hint': 'Секрет будь-якого з’єднання самого споживача. Консоль його не зберігає.',
  'console.secret.apiKey.refused': 'Ключ споживача не підходить. Нічого не змінено.',
  'console.secret.incomplete': 'Уведіть хост і ключ споживача.',
  'console.secret.do': 'Створити новий секрет',
  'console.secret.new': 'Новий секрет створено',
  'console.secret.once': 'Цей секрет видно лише тут і лише зараз. Скопіюйте його, перш ніж закрити вікно.',
  'console.secret.show': 'Показати',
  'console.delete.title': 'Видалити з’єднання',
  'console.delete.short': 'Споживач більше не зможе здійснювати вхід користувачів. Історія залишиться.',
  'console.delete.text':
    'Від цієї миті {consumer} не зможе здійснювати вхід користувачів. Видалене з’єднання не можна відновити.',
  'console.delete.do': 'Видалити назавжди',
  'console.delete.done': 'З’єднання видалено.',

  'console.leave.title': 'Зміну не збережено',
  'console.leave.text':
    'Ви ввели нове посилання перенаправлення і не зберегли його. Якщо ви підете, текст чекатиме на вас у ' +
    'цій вкладці.',
  'console.leave.loses':
    'Ви ввели нове посилання перенаправлення і не зберегли його. Після виходу текст буде втрачено.',
  'console.leave.stay': 'Залишитися',
  'console.leave.leave': 'Піти',

  'console.me': 'Хто я',
  'console.me.sees': 'Бачить',
  'console.me.seesAll': 'усіх клієнтів',
  'console.me.seesOwn': 'лише свого клієнта',
  'console.me.allowances': 'Що мені дозволено',
  'console.me.readClients': 'Переглядати клієнтів',
  'console.me.readConnections': 'Переглядати з’єднання та їхню історію',
  'console.me.write': 'Змінювати й повертати посилання перенаправлення',
  'console.me.refreshSecret': 'Створювати нові секрети',
  'console.me.delete': 'Видаляти з’єднання',
  'console.me.events': 'Керувати підписками клієнта на події',
  'console.me.granted': 'надано',
  'console.me.missing': 'не надано',
} as const satisfies Record<keyof typeof consoleEn, string>
