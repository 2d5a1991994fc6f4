# The page itself: what stands around every screen, the first run, and where one begins.

language-name = English
language-direction = ltr
language-label = Language

circlet = Circlet
skip-to-content = Skip to the content
circle-unnamed = A circle on its way
nav-label = This circle
nav-stories = Stories
nav-share = Share
nav-members = Members
nav-invite = Invite
nav-circles = Circles
not-now = Not now
back-to-stories = Back to the stories

leave-quickly = Leave quickly
leave-hint = "Leave quickly" locks Circlet and closes this page. Pressing Escape three times does the same.
leave-once = Escape twice more to leave.
leave-twice = Escape once more to leave.
closed-title = This page is closed
closed-twice = This link was already used, so what it had opened is closed as well. If that wasn't you, somebody else may use this computer: lock your screen when you go. Open Circlet again for a new link.

list-more = { $before }, { $name }
list-last = { $before } and { $name }

day-today = today
day-yesterday = yesterday
day-date = { $day } { $month } { $year }
month-1 = January
month-2 = February
month-3 = March
month-4 = April
month-5 = May
month-6 = June
month-7 = July
month-8 = August
month-9 = September
month-10 = October
month-11 = November
month-12 = December

step-one = Step 1 of 3
step-two = Step 2 of 3
step-three = Step 3 of 3
setup-name-title = Welcome
setup-name-words = Circlet keeps a small group's stories on the members' own computers. There is no company in the middle.
setup-name-label = What shall the others call you?
setup-name-hint = A first name, or any name you like.
setup-on = Continue
setup-back = Back to your name
setup-key-title = Keep it yours
setup-key-words = Stories lie locked on this computer. Choose what opens them.
setup-key-legend = What opens Circlet here?
setup-passphrase = A passphrase, each time
setup-passphrase-hint = Best if others use this computer, or if it could be taken. Four or five words that only you would put together are good.
setup-passphrase-label = Your passphrase
setup-passphrase-again = The same once more
setup-here = This computer alone
setup-here-hint = Opens for whoever is signed in to this computer as you. You can set a passphrase later.

words-title = Your recovery words
words-what = These 24 words are you. With them and a member of a circle you come back if this computer is lost, and they open Circlet if you forget the passphrase.
words-keep = Write them on paper, in this order, and keep the paper where only you look. Whoever has them can be you.
words-show = Nobody looks over my shoulder: show them
words-split = Give parts of them to people you trust
words-split-what = Enough of the parts together are your words again; one alone says nothing. So several people can bring you back together, and none of them alone. Circlet keeps no part and tells nobody who has one.
words-split-into = How many parts
words-way = { $parts } parts, any { $needed } are enough
words-split-show = Nobody looks over my shoulder: make them
words-part = Part { $number } of { $parts }: any { $needed } are enough
words-split-then = Write each on a paper of its own, give it to somebody, and say what it is for. Choose people who would not come in your place, and not all from one circle. Wherever the words are asked for, enough of the parts do as well. Parts you make later do not end these.
words-check = Did you write them down right?
words-written = What stands on your paper
words-compare = Compare
words-right = All 24 are right, and in order.
words-done = Done

unlock-title = Circlet is locked
unlock-words = What was shared lies locked on this computer, and meets nobody until you open it.
unlock-none = It has no passphrase, so this computer alone opens it.
unlock-do = Open it

begin-title = Where would you like to begin?
begin-words = A circle is a few people who share stories with each other, and with nobody else.
begin-join = I have an invite
begin-new = Start a circle
home-title = Your circles
