# A circle: starting and joining one, who is in it, invites, and how it stands.

new-title = Start a circle
new-words = You can start alone and invite the others when you are ready.
new-name = What is the circle called?
new-name-hint = Everyone in the circle sees this name. Nobody else does.
new-do = Start the circle

join-title = I have an invite
join-words = Somebody in the circle sent you a key: groups of letters and numbers.
join-key = Your invite key
join-key-hint = Paste the whole of it. Capital or small letters make no difference.
join-do = Ask to come in
knock-words = Compare these four words with whoever welcomes you: { $words }. If theirs are the same, nobody is in between.

members-title = Members
member-you = (you)
member-since = since { $day }.
member-words = Came with the words { $words }.
role-keeper = Keeper
role-member = Member
waiting-label = Somebody waits for a welcome
waiting-line = { $name } would like to join.
waiting-look = Look who it is
waiting-words = Their screen shows four words too. Compare them, on the phone or face to face, before you say welcome: { $words }.
waiting-welcome = Welcome { $name }
asked-out = A keeper has asked to remove { $name }, which takes a second keeper.
asked-out-you = A keeper has asked to remove you, which takes a second keeper. You still belong here; talk with a keeper if you would like to.
gone-members = No longer here
gone-left = { $name } left.
gone-removed = { $name } was removed, and everyone knows.
gone-removed-some = { $name } was removed. { $known } of { $of } members know; the others hear it when their computers next meet.

invite-title = Invite somebody
invite-words = An invite is a key that you send to somebody in a way only they can see.
invite-uses = How many people is it for?
invite-uses-one = One person
invite-uses-three = Three people
invite-uses-ten = Ten people
invite-days = How long does it work?
invite-day = One day
invite-week = One week
invite-month = One month
invite-history = What may they read from before they came?
invite-from-now = Nothing: only what is shared from then on
invite-30-days = The last 30 days
invite-all = Everything
invite-knock = A member says welcome before they are in
invite-do = Make the invite
invites-open = Open invites
invite-line = An invite from { $by }, for { $left ->
    [one] one more person
   *[other] { $left } more people
}, until { $until }.
invite-knocks = A member says welcome first.
invite-show = Show the key
invite-stop = Stop this invite
key-title = Your invite
key-words = Send this key in a way only they can see. Whoever holds it can come in.
key-words-knock = Send this key in a way only they can see. Whoever holds it can ask to come in, and is in once a member says welcome.
key-near = This key does not say where your computer is, so it works only in the same home network.
key-picture = The same key as a picture for a camera. It says nothing that the text above does not.
key-back = All invites

state-alone = You are the only one here so far. Invite somebody when you are ready.
state-in-step = Up to date with everyone.
state-some = Up to date with { $with } of the { $others } others. The rest catch up by themselves.
state-catching-up = Catching up with { $names }.
state-first-time = Waiting to meet another member's computer for the first time. Everything still works here; it goes out later.
state-nobody-near = No other member's computer can be reached right now. Everything still works here; it goes out later.
state-long = You haven't been in touch with anyone for { $days } days. Everything here is safe. Ask a member whether their computer is on.
state-paused = Circlet could not write to this computer's disk, so it paused here. Nothing is lost. Free some space, and it goes on by itself.
state-cut-off = The part of Circlet that talks to other computers stopped, and starts again by itself within minutes. Nothing is lost; what you share goes out then.
state-veiled = This circle came back from a backup. Its stories are safe here, and stay out of sight until this computer has met a member's and learnt what was taken back since. Leave Circlet running; it goes on by itself.
state-damaged = A part of what this computer keeps of this circle is damaged, so the circle stays closed here. The other members' computers still hold what was shared. Ask a member for a new invite, and keep this computer's files until you are back.
state-pending = Waiting to meet a member's computer for the first time; any member will do. Leave Circlet running, and you come in by itself.
state-knocking = A member has your request. You are in as soon as one of them says welcome; there is nothing you need to do.
state-returning = Coming back to this circle: waiting to meet somebody of it. Any member will do. Leave Circlet running; it finishes by itself.
state-linking = Waiting for your other computer. It asks for these four words: { $words }.
state-taken-out = This computer was taken out of the circle from another one of yours. You yourself still belong; what was here before stays here.
state-left = You left this circle. Your own stories stay on this computer.
state-removed = You're no longer in this circle. Your own stories stay on this computer.
ended-used = This invite has already been used. Ask the person who sent it for a new one.
ended-expired = This invite ran out. Ask for a new one; it takes them a minute.
ended-stopped = This invite was stopped. Ask the person who sent it whether they have a new one.
ended-unknown = The circle does not know this invite. Ask the person who sent it for a new one.
ended-removed = You were removed from this circle, so your words do not bring you back to it. A member can invite you again.
ended-left = You left this circle, so your words do not bring you back to it. A member can invite you again.
ended-belongs = You are in this circle already, with another computer of yours.
ended-device = This key ran out or has been used. Make a new one on your other computer.
