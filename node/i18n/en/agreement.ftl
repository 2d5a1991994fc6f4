# The circle's agreement: beginning it, reading it, changing it, agreeing to it; and the welcome of whoever comes in.

proposal-1 = What is said here stays here.
proposal-2 = We listen before we advise.
proposal-3 = Anyone may pass.
proposal-4 = No fixing unless asked.
proposal-5 = We don't keep score.
proposal-6 = If someone may be in danger, we look for help together, outside the circle too.

agreement-title = Our agreement
agreement-words = A few plain sentences that this circle agrees on. Everyone in it can change them, and nobody is locked out for not agreeing.
agreement-none = This circle has no agreement yet. Anyone in it can begin one.
agreement-begin = Begin it
agreement-begin-words = Keep the sentences that fit, and write your own below. All of it can change later.
agreement-keep = Keep these
agreement-own = In your own words
agreement-own-hint = A sentence on a line each is easy to read.
agreement-begin-do = This is what we agree on
agreement-text = What it says
agreement-edit = Change it
agreement-edit-words = The others see what you changed when their computers meet yours, and are asked whether they agree. What they change meanwhile is kept beside yours.
agreement-edit-do = Save it
agreement-edit-keep = Leave it as it is
agreement-begun-me = You began it { $when }.
agreement-begun = { $name } began it { $when }.
agreement-changed-me = You changed it last, { $when }.
agreement-changed = { $name } changed it last, { $when }.
agreement-agreed = { $who ->
    [you] You have agreed to it as it is now.
    [one] { $names } has agreed to it as it is now.
   *[more] { $names } have agreed to it as it is now.
}
agreement-before = { $who ->
    [you] You agreed to earlier words.
   *[more] { $names } agreed to earlier words.
}
agreement-not-yet = { $who ->
    [you] You have not answered yet, and that is fine.
    [one] { $names } has not answered yet.
   *[more] { $names } have not answered yet.
}
agreement-agree = I agree to this
agreement-agree-words = If something in it does not fit, change it, or talk about it first. There is no hurry.
agreement-saved = Saved. The others see it when their computers meet yours.
agreement-thanks = Noted. The others see that you agree.
agreement-asked = Your circle has an agreement. Read it when you have a moment.
agreement-asked-again = The agreement has changed. Read it when you have a moment.
agreement-read = Read it
agreement-beside = Other words that were begun here
agreement-beside-words = Somebody began these apart, or before. They count for nobody now; what fits can be taken over by changing the agreement.
agreement-you-and = You and { $names }

welcome-title = Welcome
welcome-who = Here with you: { $names }.
welcome-how = Stories are what people here share with each other, and with nobody else. Read at your own pace. Nobody is told what you read.
welcome-free = You don't have to share anything.
problem-no-agreement = This circle has no agreement yet, so there is nothing to agree to.
    .next = Anyone in it can begin one.
live-agreement = The agreement was changed. Show it
live-answer = Somebody has answered. Show it
