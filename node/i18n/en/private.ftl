# What a member keeps for themselves alone: drafts, muting, the crisis card, where they were in the feed.

draft-saved = Draft saved on this computer.
draft-apart = Draft saved on this computer. Other words were written here in another window; both are kept.
draft-lost = The newest words are not saved: Circlet is closed, or does not answer. They are still in this window. Copy them before you close it.
draft-from = This is your draft, saved { $day }. Only this computer has it.
draft-beside = More drafts were begun here. See all drafts
draft-keep = Keep as draft
draft-drop = Drop this draft
draft-here = Your words, to copy
drafts-title = Drafts
drafts-words = What you began to write and have not sent. It is on this computer alone, and nobody else sees it. A draft that is sent or dropped is erased here for good.
drafts-none = No drafts.
drafts-story = A story
drafts-response = A response
drafts-edit = Other words for what you shared
drafts-go-on = Go on writing
drafts-kept = Kept as a draft on this computer.
drafts-dropped = The draft is gone from this computer.
drafts-here = You began to write something here. It is kept on this computer.
problem-too-many-drafts = There are as many drafts here as Circlet keeps, so these words are not kept as one more.
    .next = Send one or drop one first, then try again.

mute-title = Mute { $name }
mute-words = You won't see { $name }'s stories and responses. { $name } isn't told, and nobody else can see it. It holds on this computer alone.
mute-do = Mute { $name }
mute-muted = You don't see what { $name } shares. Only this computer knows.
mute-undo = See { $name }'s stories again
mute-done = You won't see { $name }'s stories. { $name } isn't told.
mute-undone = You see { $name }'s stories again, also those shared meanwhile.

feed-since = Since you were last here
feed-before = Earlier

crisis-title = Crisis card
crisis-call = If you might be in danger now, call
crisis-call-none = No number stands here yet. In an emergency, call the emergency number of the place where you are.
crisis-people = People I can call
crisis-helps = What helps me
crisis-agreed = What my circle agreed
crisis-checked = checked on { $day }
crisis-unchecked = not checked yet
crisis-alone = This card is on this computer alone. Nobody else sees it, and it works without a connection.
crisis-print = While Circlet is locked, this card is locked too. Print it with your browser, and keep it where you find it.
crisis-edit = Change the card
crisis-fill = Fill in the card
crisis-form-title = Your crisis card
crisis-form-words = Fill it in while you are well. Circlet brings no numbers of its own: write down those that work where you live, try or look up each, and say on which day you did.
crisis-number = Number, and whose it is
crisis-day = Checked on
crisis-call-hint = The emergency number of your place, a crisis line.
crisis-helps-hint = A few lines to yourself: what has helped before, where you can go.
crisis-agreed-hint = What your circle does when somebody is in danger, in your words.
crisis-save = Keep the card
problem-not-a-day = One of the days is not one that Circlet can read. The card is as it was.
    .next = Write it as year, month and day, as in 2026-05-03.
