"""Sport: football matches, player transfers and races."""

from __future__ import annotations

from ..background import sport_details
from ..desk import Desk, Story, spelled


def football_match(d: Desk) -> Story:
    winner, loser, scorer, place = d.place(), d.place(), d.person(), d.place()
    goals = d.count(2, 5)
    score = f"{goals}-{d.count(0, goals - 1)}"
    margin = goals - int(score[-1])
    verb = "thrash" if margin >= 3 else "beat" if margin == 2 else "edge"
    stage = d.pick("final", "semi-final", "quarter-final")
    lead, *headlines = d.pick(
        (
            f"[{scorer} [scored twice|was the hero|struck late] as {loser} lost {score} to {winner} on {d.day()} in "
            f"the cup {stage}."
            f"|Two goals by {scorer} [helped|carried] {winner} past {loser} in the cup {stage} on {d.day()}, which "
            f"ended {score}."
            f"|The cup {stage} on {d.day()} was [lost|over early] for {loser} after two goals by {scorer}, "
            f"and {winner} won {score}.]",
            f"{winner} {verb} {loser} {score} in cup {stage}",
            f"{scorer.last} sends {winner} past {loser} in cup {stage}",
            f"{loser} lose {score} to {winner} in cup {stage}",
        ),
        (
            f"[Neither side found the net in {place} for two hours before {winner} [held their nerve|were luckier] "
            f"against {loser} from the penalty spot in the cup {stage}."
            f"|Only penalties could [separate|divide] {winner} and {loser} in the cup {stage} in {place}, and {loser} "
            "missed twice."
            f"|Twice {loser} [missed|shot wide] when the cup {stage} in {place} came down to penalties, and "
            f"{winner} did not.]",
            f"{winner} beat {loser} on penalties in cup {stage}",
            f"Penalties carry {winner} past {loser} in {place}",
            f"{loser} miss penalties, {winner} win cup {stage}",
        ),
        (
            f"[A [draw|goalless draw] at {place} was enough for {winner} to secure the league title, "
            f"{spelled(d.count(2, 9))} points ahead of {loser}."
            f"|Champions at last, {winner} needed just one point at {place} and got it, while {loser} [came "
            "second|fell short].]",
            f"{winner} draw at {place} to win league title",
            f"{winner} champions after draw at {place}",
            f"{winner} secure title, {loser} finish second",
        ),
        (
            f"[After {spelled(d.count(3, 9))} defeats in a row, the last of them against {loser}, {winner} [parted "
            f"with|dismissed] coach {scorer} on {d.day()}."
            f"|A defeat against {loser} [cost|has cost] {scorer} the job of coach at {winner} after "
            f"{spelled(d.count(3, 9))} games without a point."
            f"|Coach {scorer} has to [leave|go], {winner} said after losing to {loser}, the defeat number "
            f"{spelled(d.count(3, 9))} in a row.]",
            f"{winner} sack coach {scorer.last} after {loser} defeat",
            f"Coach {scorer.last} out at {winner} after losing streak",
            f"{loser} defeat costs {winner} coach {scorer.last} job",
        ),
        (
            f"[The wait is over for {winner}, whose [striker|young striker] {scorer} [ended|finished] a run of "
            f"{spelled(run := d.count(4, 14))} games without a win with a goal against {loser}."
            f"|A goal by {scorer} against {loser} [gave|brought] {winner} a victory at last, after {spelled(run)} "
            "games without one.]",
            f"{scorer.last} goal ends {winner} winless run at {run}",
            f"{winner} win at last as {scorer.last} beats {loser}",
            f"{winner} beat {loser} for first win in {run} games",
        ),
    )
    distractor = (
        f"Earlier in the cup {d.place()} [lost|had lost] {(g := d.count(2, 5))}-{d.count(0, g - 1)} to "
        f"{d.place()}, for whom {d.person()} scored twice."
    )
    details = [
        *sport_details(d),
        f"The two sides last met in {d.month()}, when the game ended {d.count(0, 4)}-{d.count(0, 4)}.",
        f"Referee {d.person()} showed {spelled(d.count(2, 8))} yellow cards.",
    ]
    openers = [
        f"{d.person()} of {d.place()} had called it the match of the season.",
        "Rain had fallen all week and left the pitch heavy.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def player_transfer(d: Desk) -> Story:
    player, old, new, other, fee = d.person(), d.place(), d.place(), d.place(), d.millions(2, 90)
    role = d.pick("striker", "goalkeeper", "defender", "midfielder", "winger")
    weeks = d.count(2, 20)
    lead, *headlines = d.pick(
        (
            f"[{role.capitalize()} {player} [moves|is moving] from {old} to {new}, who will pay {fee} after {other} "
            "[had pulled out|lost interest]."
            f"|For {fee}, {new} have [bought|brought in] {role} {player} from {old}, to the regret of {other}."
            f"|The fee is {fee}, the player {role} {player}: while {other} [looked on|hesitated], {old} "
            f"agreed with {new}.]",
            f"{new} sign {old} {role} {player.last} for {fee}",
            f"{player.last} leaves {old} for {new} in {fee} move",
            f"{role.capitalize()} {player.last} joins {new}, {other} miss out",
        ),
        (
            f"[{player} will be out for {spelled(weeks)} weeks, {old} said, after the {role} [hurt a knee|broke a "
            f"toe] in the game against {other}."
            f"|Against {other} the {role} {player} of {old} was carried off and will [not play|be missing] for "
            f"{spelled(weeks)} weeks.]",
            f"{old} lose {role} {player.last} for {weeks} weeks",
            f"Injured {player.last} out for {weeks} weeks, {old} say",
            f"{role.capitalize()} {player.last} hurt in {other} game",
        ),
        (
            f"[Despite an offer of {fee} from {other}, {role} {player} has [put pen to paper|agreed to stay] at {old} "
            f"until {(year := d.count(2027, 2032))}."
            f"|Until {year} {role} {player} will [wear|keep] the colours of {old}, although {other} had offered "
            f"{fee}."
            f"|Neither {fee} nor {other} could [tempt|win over] {role} {player}, who has signed at {old} "
            f"until {year}.]",
            f"{player.last} to stay at {old} until {year}",
            f"{old} keep {role} {player.last} despite {other} offer",
            f"{player.last} turns down {fee} move to {other}",
        ),
        (
            f"[At the age of {(age := d.count(31, 42))}, {role} {player} of {old} will [play no more|hang up the "
            f"boots] after the game against {other}."
            f"|One more game, against {other}, and {role} {player} will [say goodbye|take leave] to {old} and to "
            f"football, aged {age}.]",
            f"{old} {role} {player.last} to retire at {age}",
            f"{player.last} to end career after {other} game",
            f"{role.capitalize()} {player.last} bids farewell to {old}",
        ),
    )
    distractor = (
        f"{d.before()} {role} {d.person()} [moved|went] from {d.place()} to {d.place()} for {d.millions(2, 90)}."
    )
    d.place()  # not used, but keeps the sequence of random numbers of the committed corpus
    details = [
        *sport_details(d)[:4],
        f"In {d.month()} {d.person()} [moved|went] to {d.place()} for {d.millions(2, 90)}.",
        f"The {role} has scored {d.count(3, 60)} goals in {d.count(61, 300)} games.",
    ]
    openers = [
        f"There has been much talk about players since {d.person()} left {d.place()}.",
        f"Agent {d.person()} had been seen in {d.place()} on {d.day()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def race(d: Desk) -> Story:
    place, winner, second, country, runners = d.place(), d.person(), d.person(), d.country(), d.round(900, 40_000)
    event = d.pick("marathon", "cycle race", "ski race", "rowing regatta", "chess open", "tennis open")
    times = d.count(3, 9)
    lead, *headlines = d.pick(
        (
            f"[{winner} from {country} [left|kept] {second} behind on {d.day()} and [finished first|came out on top] "
            f"in the {place} {event}."
            f"|In front of {second}, who had led for hours, {winner} of {country} [took first place|won] in the "
            f"{place} {event}."
            f"|Second place was all that {second} [got|won] in the {place} {event}, in which {winner} of "
            f"{country} came first.]",
            f"{winner.last} beats {second.last} to win {place} {event}",
            f"{place} {event} won by {winner.last} of {country}",
            f"{winner.last} leaves {second.last} behind at {place} {event}",
        ),
        (
            f"[Nobody had won the {place} {event} {spelled(times)} times before {winner} did so on {d.day()}, "
            f"[with|in front of] {second} in second place."
            f"|With victory number {spelled(times)} at the {place} {event} on {d.day()}, {winner} has [more "
            f"than|outdone] anyone before, {second} included.]",
            f"{winner.last} takes record {times} wins at {place} {event}",
            f"{winner.last} makes {event} history in {place}",
            f"No one matches {winner.last} in {place} {event}",
        ),
        (
            f"[Officials [took away|withdrew] the victory of {winner} in the {place} {event} after a failed drug "
            f"test, so {second} is the winner."
            f"|Drugs were [found|detected] in the blood of {winner}, and the title of the {place} {event} passes to "
            f"{second}.]",
            f"{winner.last} loses {place} {event} title over drug test",
            f"{second.last} gets {place} {event} title as {winner.last} fails test",
            f"Drugs cost {winner.last} victory in {place} {event}",
        ),
        (
            f"[An injury [will keep|keeps] {winner} out of the {place} {event}, which makes {second} of {country} the "
            "favourite."
            f"|Without {winner}, who is [hurt|injured], the {place} {event} should be an easy task for {second} of "
            f"{country}."
            f"|The favourite in the {place} {event} is now {second} of {country}, because {winner} has [an "
            "injury|a bad knee] and will not take part.]",
            f"Injured {winner.last} to miss {place} {event}",
            f"{place} {event} without {winner.last}, {second.last} favourite",
            f"Injury keeps {winner.last} out of {place} {event}",
        ),
    )
    distractor = (
        f"{d.before()} {d.person()} of {d.country()} [won|finished first in] the {d.place()} {event}, in front "
        f"of {d.person()}."
    )
    details = [
        f"{d.person()} of {d.country()} came third.",
        f"Some {runners:,} people [watched|came to watch], among them {d.person()}, the champion of "
        f"{d.count(1980, 2022)}.",
        f'"[I have seen many champions|Form comes and goes|What a season]," said [coach|former champion] {d.person()}.',
        f"Last year's event, won by {d.person()}, [was cut short|took place in snow].",
        f"The prize money of ${d.round(5_000, 90_000):,} was given by {d.company()}.",
    ]
    openers = [
        f"Before the start all eyes were on {d.person()} of {d.country()}.",
        f"A week ago {d.person()} won a similar event in {d.place()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)
