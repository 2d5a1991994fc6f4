# Stories: reading, sharing, responding, taking back.

feed-title = Stories
feed-empty = Nothing here yet. You could be first, or be here without a word.
feed-earlier = Earlier stories
feed-newest = Back to the newest stories
told-shared = Shared. It is safe on this computer, and goes to each of the others when their computers meet yours.
told-begun = One thing to write down before you need it: the words that bring you back if this computer is lost.
gap-mine = You took a story back.
gap-theirs = { $name } took a story back.

live-story = Show { $name }'s new story
live-response = Show what { $name } answered
live-gone = This was taken back, or changed since.

story-title = A story
story-mine = Your story
story-theirs = { $name }'s story
story-edited = changed since
story-fades = fades after { $day }
story-whole = Read the whole story
story-open = Respond to { $name }
story-open-mine = See what was answered
ask-listen = { $name } hopes to be listened to. No advice, please.
ask-experience = { $name } would like to hear how it was for others.
ask-ideas = { $name } welcomes ideas.
ask-ask-first = { $name } would like to be asked before anything else.
note-says = Content note: { $note }
note-read = Read it now
note-later = Leave it for later
note-skip = Skip to the next story

responses-title = What was answered
responses-none = Nothing yet.
response-mine = You
respond-title = Respond to { $name }
respond-mine = Add something
respond-label-listen = Say something kind
respond-label-experience = How was it for you?
respond-label-ideas = An idea, or how it was for you
respond-label-ask-first = What would you like to ask?
respond-label-mine = Your words
respond-hint-mine = It stands below your story, for everyone in the circle.
respond-do = Send

share-title = Share a story
share-text = Your words
share-text-hint = As much or as little as you like. Everyone in the circle can read it, and nobody else.
share-ask = What would help?
share-ask-listen = Listening, no advice
share-ask-experience = How it was for others
share-ask-ideas = Ideas are welcome
share-ask-ask-first = Ask me first
share-note = A content note, if one would help
share-note-hint = A word or two on what it is about, such as grief or violence. Readers see the note first, and choose when to read on.
share-fade = When does it fade?
share-fade-hint = A story that fades disappears from every computer in the circle.
share-fade-settled-never = As settled here: it stays
share-fade-settled = { $days ->
    [one] As settled here: after one day
   *[other] As settled here: after { $days } days
}
share-fade-never = Never
share-fade-week = After a week
share-fade-month = After a month
share-do = Share with the circle

edit-open = Change this
edit-title = Change what you shared
edit-words = The new words take the place of the old ones here now, and on each member's computer when it next connects. What was answered stays.
edit-do = Put this in its place
edit-keep = Leave it as it is
take-back-story = Take this story back
take-back-response = Take this back
take-back-title = Take this back?
take-back-words = It disappears here now, and from each member's computer when it next connects. People may remember what they read, and someone could have kept a copy.
take-back-do = Take it back
take-back-keep = Keep it
gone-title = Taken back
gone-here = Gone from this computer, the only one in the circle.
gone-everywhere = Gone from all { $of } computers.
gone-some = Gone from { $from } of { $of } computers so far.
gone-waiting = These have not heard yet:
gone-whose-me = { $count ->
    [one] another computer of yours
   *[other] { $count } other computers of yours
}
gone-whose = { $count ->
    [one] { $name }'s computer
   *[other] { $count } of { $name }'s computers
}
gone-words = You don't have to do anything. Load this page again to see how far it is.
