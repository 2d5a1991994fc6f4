# This computer and what it has to do with a circle: locking, backups, further computers, what is settled,
# how the circle is doing.

computer-title = This computer
lock-title = Lock Circlet
lock-words = Nothing opens it then but your passphrase or your 24 words, and until then it meets nobody. What was shared is safe.
lock-words-none = It shows nothing and meets nobody then. As there is no passphrase, whoever uses this account can open it again.
lock-do = Lock it now
silence-title = Lock by itself
silence-label = When nobody has used it for
silence-hint = Time that the computer sleeps counts. Every open page of Circlet closes then.
silence-never = Never: only when I say so
silence-5 = 5 minutes
silence-15 = 15 minutes
silence-60 = an hour
silence-240 = 4 hours
silence-1440 = a day
silence-other = { $minutes ->
    [one] a minute
   *[other] { $minutes } minutes
}
silence-do = Keep it so
told-silence = It is kept so, also when this computer starts anew.

passphrase-section = Your passphrase
passphrase-has = Circlet opens here with your passphrase, or with your 24 words.
passphrase-has-none = There is no passphrase: whoever can use this account, or gets hold of this disk, can read everything here.
passphrase-title = Change your passphrase
passphrase-title-set = Set a passphrase
passphrase-words = From then on the new one opens Circlet here, and so do your 24 words. An old copy of Circlet's files still opens with the old one.
passphrase-words-set = From then on Circlet opens here with your passphrase, or with your 24 words. An old copy of its files still opens without.
passphrase-now = The passphrase you have
passphrase-new = The new one
passphrase-new-hint = Four or five words that only you would put together are good. Nobody can send you another, so make sure that you have your 24 words.
passphrase-again = The new one once more
unlock-hint = Forgotten? All of your 24 words, one after the other, open it too.
passphrase-change = Change it
passphrase-set = Set it
passphrase-none = Go without a passphrase
passphrase-none-words = Whoever can use this account, or gets hold of this disk, can then read everything here.
passphrase-none-sure = I would like to do this
told-passphrase-set = From now on Circlet opens here with your passphrase, or with your 24 words.
told-passphrase-changed = Your passphrase is changed.
told-passphrase-none = There is no passphrase any more.

keep-title = To come back one day
backup-title = A backup
backup-words = Everything you need to come back goes into one locked file on this computer. Keep a copy of it on another disk, and make a new one now and then.
backup-opens-both = Your passphrase opens it, and so do your 24 words.
backup-opens-words = Only your 24 words open it, because there is no passphrase here.
backup-last = Your last backup was made on { $day }.
backup-none = No backup has been made yet.
backup-path = Where to put it
backup-path-hint = In full, such as the folder of a stick and a name. A file that is there is left as it is.
backup-do = Make the backup
backup-made = The backup is there
backup-holds = It holds { $circles }.
backup-holds-you = You are in no circle yet, so it holds you alone.
backup-left-out = Not in it: { $circles }. That cannot be read here, or is not joined yet.
backup-elsewhere = Copy it to another disk. If this computer is lost, so is what is only here.
backup-check-title = Look into a backup
backup-check-words = Circlet really opens it, with your 24 words, and reads it to the end. Nothing is changed.
backup-which = Where it is
backup-check-do = Check it
backup-whole = The backup is whole
backup-is-of = Made { $day }, by { $name }.
backup-circle = { $circle }: with { $members }.
backup-back-title = Back from a backup
backup-back-words = On a computer where Circlet was not set up yet, open a terminal and give it this command, with the place of the backup. It asks for what opens the backup, and that computer becomes a new one of yours. What was taken back since is learnt before anything is shown.
backup-back-command = circlet restore FILE
copy-title = Your own words to take along
copy-words = Circlet writes your own stories and responses into a folder, to read without Circlet.
copy-open = These files are not locked: whoever finds the folder can read them, and taking something back does not reach them.
copy-path = Which folder
copy-path-hint = A new or an empty one, said in full.
copy-do = Write them
copy-done = Your own words are there.

settings-title = What this circle has settled
settings-words = It holds for everyone, for what is shared from now on.
settings-fade = How long do stories stay?
settings-fade-hint = Whoever shares a story can still say otherwise.
fade-never = Until they are taken back
fade-1 = A day
fade-7 = A week
fade-30 = A month
fade-90 = Three months
fade-365 = A year
fade-other = { $days ->
    [one] One day
   *[other] { $days } days
}
settings-tells = What shows where a story was taken back?
settings-silent = Nothing
settings-say = A quiet line that says who did
settings-do = Settle it so
settled-told = It is settled so, for what is shared from now on.
settled-stays = Stories stay until they are taken back.
settled-fades = { $days ->
    [one] Stories fade after a day, unless whoever shares one says otherwise.
   *[other] Stories fade after { $days } days, unless whoever shares one says otherwise.
}
settled-say = Where a story was taken back, a quiet line says who did.
settled-silent = Where a story was taken back, nothing shows.
settings-keepers = Keepers can change this. The members' page shows who they are.

computers-title = Your computers
computers-words = You can be in this circle with several computers. All of them are you.
computers-back = All your computers
computer-here = This computer
computer-other = Another computer of yours
computer-since = In the circle since { $day }.
computer-out = Taken out. What was shared since does not open on it.
computer-add = Add another computer
computer-remove = Take it out of the circle
computer-remove-words = Nothing that is shared from then on opens on it, and this cannot be undone. It keeps what it has. If somebody else may be able to open it, that is not enough: each computer of yours holds your key to this circle. Then leave the circle, and come in anew with an invite, in a home that you set up anew.
computer-remove-do = Take it out
told-fits = The words fit. Your other computer comes in by itself now; keep Circlet open here until it is there.
told-out = That computer is out, as soon as the others know.
computer-key-title = A key for your other computer
computer-key-words = Set Circlet up on your other computer, choose "I have a key from my other computer" there, and give it this key. It is for one computer and one hour, and for nobody but you. Circlet does not show it again.
four-title = Then compare four words
four-waits = Another computer waits to be let in.
four-label = The four words that the other computer shows
four-hint = They make sure that it is really yours that comes in, and not that of somebody who saw the key. If they do not fit, do not go on: make a new key.
four-do = Let it in
link-open = I have a key from my other computer
link-title = Be in a circle with this computer, too
link-words = On your other computer, open the circle, then Members, then your computers, and add another one. It shows a key.
link-key = The key
link-key-hint = Paste the whole of it. Capital or small letters make no difference. This computer then shows four words, and you type them on the other one.
link-do = Go on

doing-title = How the circle is doing
touch-in-step = In touch now, and up to date.
touch-catching-up = In touch now, and catching up.
touch-last = Last in touch { $day }. What is missing comes by itself.
touch-none = Not met since Circlet was opened here.
doing-private = Only you see this. It is not kept, and begins anew whenever Circlet is opened.
waits-title = What waits to go out
waits-nothing = Nothing: what you wrote on this computer is on another member's, too.
waits-some = Some of what you wrote may be on this computer only, so far. It goes out by itself as soon as another member's computer can be reached.
try-title = What you can try
try-online = Look whether this computer is in a network. Everything works without one, too; it goes out later.
try-ask = Ask a member whether their computer is on and Circlet is open there. Any one of them will do.
try-leave = Leave Circlet running for a while. It looks for the others by itself.
try-carry = If you can never be online at the same time, a member can carry the circle's news on a stick. The guide says how.
doctor-title = This computer
doctor-look = Have a look:
doctor-private-fine = Only you can look into Circlet's folder.
doctor-private-look = Other people who use this computer can look into Circlet's folder. What lies there is locked; still, the folder should be yours alone.
doctor-space-fine = There is room on the disk.
doctor-space-look = The disk is nearly full. Nothing is lost; free some space soon, so that Circlet can go on.
doctor-clock-fine = The clock looks right.
doctor-clock-look = The clock seems to be behind: Circlet's files are from a later time. Stories may show the wrong day until it is set.
doctor-set-aside-look = What was damaged here is still kept beside the rest, also what was taken back since. Once nothing is missing any more, it can be removed. The guide says how.
doctor-cut-off = Other computers can't call this one until the part of Circlet that talks to them has started again, by itself within minutes.
doctor-listening-nowhere = Other computers can't call this one, because it listens nowhere. It can still call them. Is it in any network?
doctor-listening-fine = Other computers in reach can call this one.
doctor-listening-some = Other computers can call this one, but not everywhere it was asked to listen: a port is in use by another program.
reached-all = It has reached everyone who can read it: { $names }.
reached-some = It has reached { $names }. Whoever does not have it yet gets it when their computer is next in touch.
reached-unknown = Whoever does not have it yet gets it when their computer is next in touch.
