"""Politics and public office: elections, treaties, appointments and resignations."""

from __future__ import annotations

from ..background import political_details
from ..desk import Desk, Story, an, spelled


def election(d: Desk) -> Story:
    country, winner, loser, place = d.country(), d.person(), d.person(), d.place()
    share = d.count(41, 68)
    verb = "sweeps" if share >= 60 else "wins" if share >= 50 else "leads"
    lead, *headlines = d.pick(
        (
            f"[With {share} percent of the vote, {winner} [defeated|left behind] {loser} in the election for "
            f"president of {country}."
            f"|In the race for the presidency of {country}, {winner} [received|took] {share} percent of the vote and "
            f"{loser} the second place."
            f"|The defeat of {loser} is [clear|certain]: {winner} has won {share} percent of the vote and "
            f"will be president of {country}.]",
            f"{winner.last} {verb} {country} election with {share} percent",
            f"{winner.last} beats {loser.last} in {country} presidential vote",
            f"{country} elects {winner.last} president with {share} percent",
        ),
        (
            f"[Neither {winner} nor {loser} [reached|won] half of the votes for president of {country}, so the two "
            f"will meet again in {(month := d.month())}."
            f"|No candidate for the presidency of {country} [got|gathered] enough votes on {d.day()}, and {winner} "
            f"must face {loser} again in {month}.]",
            f"{country} election heads for {month} run-off",
            f"{winner.last} to face {loser.last} in {country} run-off",
            f"No winner in {country}, {winner.last} meets {loser.last} in {month}",
        ),
        (
            f"[Voters in {place} chose {winner}, "
            f"{an(d.pick('engineer', 'baker', 'novelist', 'former goalkeeper', 'lawyer'))}, as their next mayor over "
            f"{loser}, who had held the office for {spelled(d.count(4, 20))} years."
            f"|After {spelled(d.count(4, 20))} years in the town hall of {place}, {loser} [must make way for|lost to] "
            f"{winner}, who received {share} percent of the vote."
            f"|A new mayor, {winner}, [moves into|enters] the town hall of {place}, from which voters sent "
            f"{loser} home with {share} percent of the vote.]",
            f"{winner.last} ousts {loser.last} as {place} mayor",
            f"{place} votes {loser.last} out, elects {winner.last} mayor",
            f"{winner.last} defeats {loser.last} in race for {place} town hall",
        ),
        (
            f"[{country} will vote [in|as early as] {(month := d.month())}, a year ahead of time, after the coalition "
            f"of {winner} [lost|failed to keep] its majority."
            f"|Because {winner} [lost the support of|fell out with] a partner in the coalition, the people of "
            f"{country} go to the polls in {month}, earlier than planned.]",
            f"{country} calls early election for {month}",
            f"{country} to vote in {month} after {winner.last} coalition fails",
            f"Early vote in {country} as {winner.last} loses majority",
        ),
        (
            f"[The electoral court of {country} [threw out|cancelled] the result in {place} after finding "
            f"{d.round(200, 9_000):,} ballots that had been counted twice."
            f"|Voters in {place} have to go to the polls again, as judges in {country} [found|saw] "
            f"{d.round(200, 9_000):,} false ballots.]",
            f"{country} court annuls {place} election result",
            f"{place} must vote again, {country} judges rule",
            f"{country} judges throw out {place} vote over ballots",
        ),
    )
    distractor = (
        f"In neighbouring {d.country()}, {d.person()} [defeated|lost to] {d.person()} with {d.percent(41, 68)} of "
        f"the vote in {d.month()}."
    )
    details = [
        *political_details(d, country)[1:],
        f"Turnout was {d.percent(38, 88)}, compared with {d.percent(38, 88)} four years ago.",
        f"Observers from {d.country()} [reported|saw] few [irregularities|problems].",
        f"{d.person()} of the Harvest Party came [third|fourth] with {d.percent(3, 14)}.",
    ]
    openers = [
        f"Polls had favoured {loser} for most of the summer.",
        f"The campaign was overshadowed by the resignation of minister {d.person()} in {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def treaty(d: Desk) -> Story:
    one, two, host, place = d.country(), d.country(), d.country(), d.place()
    subject, short = d.pick(
        ("their border", "border"),
        ("fishing rights", "fishing"),
        ("the water of a shared river", "water"),
        ("the return of refugees", "refugee"),
        ("trade in grain", "grain"),
    )
    lead, *headlines = d.pick(
        (
            f"[At a meeting in {place}, [ministers|envoys] from {one} and {two} put their names to a treaty on "
            f"{subject}, [with help from|brokered by] {host}."
            f"|Years of quarrel over {subject} ended on {d.day()} when {one} and {two} [signed|concluded] a treaty in "
            f"{place}, watched by {host}."
            f"|A treaty on {subject}, signed in {place} on {d.day()}, [binds|brings together] {one} and "
            f"{two}, and {host} had a hand in it.]",
            f"{one}, {two} sign {short} accord in {place}",
            f"{one} and {two} settle {short} dispute with treaty",
            f"{place} treaty ends {one}, {two} {short} quarrel",
        ),
        (
            f"[{one} [walked out of|left] the talks about {subject} with {two} on {d.day()}, {spelled(d.count(3, 12))} "
            f"days after they began in {host}."
            f"|Envoys of {one} [flew home|went home] from {host} on {d.day()}, saying that talks with {two} about "
            f"{subject} had no purpose."
            f"|The talks that {host} [arranged|hosted] about {subject} are over, as the envoys of {one} left "
            f"those of {two} sitting at the table.]",
            f"{one} quits {short} talks with {two}",
            f"{one} envoys walk out on {two} in {host}",
            f"{short.capitalize()} talks between {one} and {two} collapse",
        ),
        (
            f"[{host} has offered to [mediate|act as a go-between] in the quarrel between {one} and {two} over "
            f"{subject}."
            f"|Unable to agree on {subject}, {one} and {two} could [soon|shortly] meet in {host}, which wants to "
            "help.]",
            f"{host} offers to mediate in {one}, {two} {short} dispute",
            f"{host} ready to help {one} and {two} over {short}",
            f"{host} wants to end {short} quarrel of {one}, {two}",
        ),
        (
            f"[For the first time in {spelled(d.count(5, 40))} years, trains [can cross|are crossing] the border "
            f"between {one} and {two} at {place}."
            f"|Gates at {place} on the border of {one} and {two} [opened|went up] on {d.day()}, after "
            f"{spelled(d.count(5, 40))} years.]",
            f"{one}, {two} reopen border at {place}",
            f"Border of {one} and {two} open again at {place}",
            f"{place} crossing links {one} and {two} once more",
        ),
    )
    distractor = (
        f"{d.before()} {d.country()} and {d.country()} [signed|walked away from] a treaty on {subject} in {d.place()}."
    )
    details = [
        '"[This is a good day for both peoples|Trust takes time|Words must be followed by deeds]," said '
        f"[envoy|minister] {d.person()}.",
        f"The dispute goes back to {d.count(1900, 1990)}, when {d.country()} left the region.",
        f"Talks in {d.place()} had [failed|stalled] in {d.month()}.",
        f"{d.country()} and {d.country()} have a similar quarrel that [remains unsolved|is before a court].",
        f"Some {d.round(2_000, 90_000):,} people live in the area, most of them around {d.place()}.",
    ]
    openers = [
        f"Few diplomats in {d.country()} had expected news before {d.month()}.",
        f"A first round, held in {d.place()} in {d.month()}, [brought little|led nowhere].",
    ]
    return Story(lead, headlines, distractor, details, openers)


def appointment(d: Desk) -> Story:
    company, new, old, former, country = d.company(), d.person(), d.person(), d.company(), d.country()
    post, short = d.pick(
        ("chief executive", "chief"),
        ("finance director", "finance director"),
        ("chairman", "chairman"),
        ("head of research", "research head"),
    )
    ministry = d.pick("finance", "health", "defence", "transport", "education", "trade")
    lead, *headlines = d.pick(
        (
            f"[{company} has [turned to|chosen] {new}, until now at {former}, to [succeed|follow] {old} as {post}."
            f"|The new {post} of {company} is {new}, who [worked|served] at {former} and will take over from {old} in "
            f"{d.month()}."
            f"|When {old} leaves the post of {post} at {company}, the [successor|next in line] will be {new} "
            f"of {former}.]",
            f"{company} names {new.last} as {short}",
            f"{new.last} to follow {old.last} as {company} {short}",
            f"{former} manager {new.last} becomes {short} of {company}",
        ),
        (
            f"[The next {ministry} minister of {country} will be {new}, [an economist|a lawyer|a former mayor] from "
            f"{d.place()}, who takes over from {old}."
            f"|{country} has a new {ministry} minister in {new}, who [replaces|follows] {old} after "
            f"{spelled(d.count(2, 9))} years."
            f"|In {country} the post of {ministry} minister [passes|goes] from {old} to {new}, [an "
            "economist|a lawyer] by training.]",
            f"{country} picks {new.last} as {ministry} minister",
            f"{new.last} replaces {old.last} as {country} {ministry} minister",
            f"{new.last} to lead {ministry} ministry of {country}",
        ),
        (
            f"[{new} is leaving {former} after {spelled(d.count(3, 20))} years to become {post} of {company}, a "
            "[smaller|younger] firm."
            f"|Lured away from {former} by {company}, {new} will [begin|start] as {post} there in {d.month()}."
            f"|The loss of {former} is the gain of {company}, where {new} will [become|be] {post} in {d.month()}.]",
            f"{company} hires {new.last} from {former} as {short}",
            f"{new.last} leaves {former} for top post at {company}",
            f"{company} gets new {short} in {new.last}",
        ),
        (
            f"[Musicians of the {(town := d.place())} Symphony have [voted for|elected] {new} as their next "
            f"conductor, the first [woman|foreigner] in the post, after {old} retired."
            f"|The new conductor of the {town} Symphony will be {new}, whom the musicians preferred to {old}.]",
            f"{town} Symphony picks {new.last} as conductor",
            f"{new.last} to conduct {town} Symphony",
            f"{town} musicians choose {new.last} as next conductor",
        ),
    )
    distractor = (
        f"{d.before()} {d.person()} [left|was leaving] {d.company()} to [succeed|follow] {d.person()} at {d.company()}."
    )
    details = [
        '"[I look forward to the task|There is much to do|I will listen first]," the newcomer said.',
        f"The job had also attracted {d.person()} and {d.person()}.",
        f"{d.person()}, a former deputy, will [stay on|act as adviser] until {d.month()}.",
        f"[Friends|Former colleagues] in {d.place()} speak of a leader who is "
        f"{d.pick('patient', 'tireless', 'careful', 'direct')}.",
        f"In {d.count(2005, 2022)} the post went to {d.person()}, who left after {spelled(d.count(4, 18))} months.",
    ]
    openers = [
        f"For months {d.person()} of {d.company()} was seen as the favourite.",
        f"The search [began|started] in {d.month()}, when {old} announced plans to retire.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def resignation(d: Desk) -> Story:
    person, country, company, place, successor = d.person(), d.country(), d.company(), d.place(), d.person()
    ministry = d.pick("finance", "health", "defence", "transport", "education", "trade")
    reason, short = d.pick(
        ("reports about unpaid taxes", "tax affair"),
        ("a row over a new airport", "airport row"),
        ("questions about free holidays", "holiday gifts"),
        ("criticism of a failed computer system", "computer failure"),
        ("a dispute about the budget", "budget dispute"),
    )
    lead, *headlines = d.pick(
        (
            f"[[Bowing to pressure|Worn down] after {reason}, {person} [stepped down|gave up the post] as "
            f"{ministry} minister of {country} on {d.day()}."
            f"|The {ministry} ministry of {country} is without a head since {person} [left|resigned] on {d.day()} "
            f"amid {reason}."
            f"|Worn down by {reason}, the {ministry} minister of {country}, {person}, [resigned|gave up] on "
            f"{d.day()}.]",
            f"{country} {ministry} minister {person.last} quits over {short}",
            f"{person.last} steps down in {country} after {short}",
            f"{country} loses {ministry} minister {person.last} amid {short}",
        ),
        (
            f"[{person} will [not stay on|leave the post] as chief executive of {company}, following {reason}, and "
            f"{successor} takes charge for now."
            f"|The chief executive of {company}, {person}, has [handed in a resignation|left] amid {reason}, and "
            f"{successor} will stand in."
            f"|In place of {person}, who [left|resigned] after {reason}, {successor} becomes chief executive "
            f"of {company}.]",
            f"{company} chief {person.last} quits over {short}",
            f"{person.last} leaves top post at {company} amid {short}",
            f"{successor.last} takes over at {company} as {person.last} goes",
        ),
        (
            f"[Despite {reason}, mayor {person} told the city council of {place} on {d.day()} that [leaving office "
            "was out of the question|there would be no resignation]."
            f"|Pressed to go because of {reason}, mayor {person} of {place} [will stay in office|has no thought of "
            "leaving], a spokesman said.]",
            f"{place} mayor {person.last} refuses to quit over {short}",
            f"Mayor {person.last} stays in office in {place} despite {short}",
            f"{person.last} will not resign in {place} amid {short}",
        ),
        (
            f"[Prime Minister {successor} [dismissed|let go of] {ministry} minister {person} on {d.day()} after "
            f"{reason} that had occupied {country} for weeks."
            f"|Because of {reason}, the {ministry} minister of {country}, {person}, had to go on {d.day()} on the "
            f"orders of Prime Minister {successor}."
            f"|Out of office since {d.day()} is {person}, until then {ministry} minister of {country}, whom "
            f"Prime Minister {successor} [sent home|let go] for {reason}.]",
            f"{country} premier fires {ministry} minister over {short}",
            f"{successor.last} dismisses {ministry} minister {person.last} after {short}",
            f"{ministry.capitalize()} minister {person.last} loses post in {country}",
        ),
    )
    distractor = (
        f"In {d.country()}, {ministry} minister {d.person()} [stepped down|resigned|had to go] in {d.month()}, "
        f"and so did {d.person()}, chief executive of {d.company()}."
    )
    details = [
        f"In a survey, {d.percent(41, 88)} of those asked [spoke of lost trust|had expected nothing else].",
        f'"[It has been a long month|Nobody should be surprised|There are no winners]," said {d.person()}, a '
        f"columnist in {d.place()}.",
        f"[Deputy|Party colleague] {d.person()} [had long warned of trouble|declined to comment].",
        f"The newspaper of {d.place()} first [wrote about|reported] the matter in {d.month()}.",
        f"{d.person()}, a predecessor, [also left early|lasted only {spelled(d.count(3, 9))} months].",
    ]
    openers = [
        f"A similar affair had [toppled|brought down] {d.person()} of {d.place()} in {d.month()}.",
        f"As late as {d.day()}, spokesman {d.person()} had denied everything.",
    ]
    return Story(lead, headlines, distractor, details, openers)
