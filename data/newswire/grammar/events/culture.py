"""Culture: festivals and museums."""

from __future__ import annotations

from ..desk import Desk, Story, an, spelled


def festival(d: Desk) -> Story:
    place, artist, other, visitors, country = d.place(), d.person(), d.person(), d.round(3_000, 300_000), d.country()
    art, prize = d.pick(
        ("film", "best film"),
        ("jazz", "best band"),
        ("poetry", "best poem"),
        ("puppet theatre", "best play"),
        ("dance", "best show"),
        ("comic", "best book"),
    )
    lead, *headlines = d.pick(
        (
            f"[More people than ever before, {visitors:,} in all, came to this year's {art} festival in {place}, "
            f"which [closed|ended] on {d.day()}."
            f"|When the {art} festival of {place} [came to an end|closed] on {d.day()}, {visitors:,} guests had come, "
            "the most in its history."
            f"|The organisers in {place} counted {visitors:,} guests when their {art} festival [closed|ended] "
            f"on {d.day()}, more than in any year before.]",
            f"{place} {art} festival draws record {visitors:,}",
            f"Record {visitors:,} guests visit {art} festival in {place}",
            f"{art.capitalize()} festival in {place} ends with {visitors:,} guests",
        ),
        (
            f"[The jury of the {art} festival in {place} [gave|handed] its main award to {artist}, [ahead of|and not "
            f"to] the favourite {other}."
            f"|On the last night of {place}'s {art} festival, {artist} [took home|received] the award that many had "
            f"expected for {other}."
            f"|Many had expected {other} to [win|take home] the main award of the {art} festival in {place}, "
            f"but the jury gave it to {artist}.]",
            f"{artist.last} wins top prize at {place} {art} festival",
            f"{place} festival jury prefers {artist.last} to {other.last}",
            f"Main {art} award in {place} goes to {artist.last}",
        ),
        (
            f"[There will be no {art} festival in {place} this {d.pick('spring', 'summer', 'autumn')}, because its "
            f"sponsor, {(sponsor := d.company())}, [withdrew|pulled out]."
            f"|Without the money of {sponsor}, which has [left|dropped out], {place} cannot hold its {art} festival "
            "this year.]",
            f"{place} cancels {art} festival after {sponsor} withdraws",
            f"No {art} festival in {place} without {sponsor} money",
            f"{sponsor} exit ends {place} {art} festival",
        ),
        (
            f"[{artist} will [open|start] the {art} festival in {place} in {(month := d.month())}, the first guest "
            f"from {country} in its history."
            f"|A show by {artist} of {country} will be the first event of {place}'s {art} festival, which "
            f"[begins|starts] in {month}.]",
            f"{artist.last} to open {place} {art} festival in {month}",
            f"{place} {art} festival begins with {artist.last} of {country}",
            f"{country} artist {artist.last} first on stage in {place}",
        ),
    )
    distractor = (
        f"{d.before()} the {art} festival of {d.place()} closed after {d.round(3_000, 300_000):,} guests, and "
        f"{d.person()} [took home|received] its award."
    )
    details = [
        f"Last year's award for the {prize} went to {d.person()}.",
        f"A rival event in {d.place()} counted {d.round(3_000, 90_000):,} guests.",
        f'"[It was magical|The town is one big stage|Next year we need more beds]," said organiser {d.person()}.',
        f"The programme listed {d.count(20, 300)} events in {spelled(d.count(3, 30))} halls, and tickets cost up to "
        f"${d.count(12, 180)}.",
        f"{d.company()} paid {d.millions(2, 40)} to be the main partner until {d.count(2027, 2035)}.",
    ]
    openers = [
        f"The hotels of {d.place()} next door were full too.",
        f"Founder {d.person()} began with {d.count(20, 90)} chairs in a barn.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def museum_theft(d: Desk) -> Story:
    place, museum, painter, value, other = d.place(), d.place(), d.person(), d.millions(2, 90), d.place()
    thing = d.pick("painting", "crown", "violin", "statue", "tapestry", "vase")
    lead, *headlines = d.pick(
        (
            f"[Thieves [broke|climbed] into the museum of {place} on {d.day()} night and [escaped|made off] with a "
            f"{thing} worth {value}."
            f"|A {thing} worth {value} is missing from the museum in {place} after a break-in on {d.day()}, and the "
            f"trail leads to {other}."
            f"|Police in {place} are looking for those who [took|carried off] a {thing} worth {value} from "
            f"the museum on {d.day()}.]",
            f"Thieves steal {value} {thing} from {place} museum",
            f"{place} museum loses {value} {thing} to burglars",
            f"{thing.capitalize()} worth {value} stolen in {place}",
        ),
        (
            f"[A {thing} that [vanished|was stolen] from a museum in {museum} in {(year := d.count(1970, 2020))} has "
            f"turned up in a [garage|cellar|barn] in {place}."
            f"|Forgotten in a [garage|cellar|barn] in {place}, police found a {thing} that the museum of {museum} has "
            f"missed since {year}."
            f"|The museum of {museum} will get back a {thing}, stolen in {year}, that was found in a "
            f"[garage|cellar|barn] in {place}.]",
            f"{thing.capitalize()} stolen in {year} found in {place}",
            f"{museum} museum {thing} turns up in {place}",
            f"Long lost {museum} {thing} discovered in {place}",
        ),
        (
            f"[Police in {place} [arrested|caught] {painter}, "
            f"{an(d.pick('dealer', 'guard', 'electrician', 'former clown'))}, in connection with the {thing} missing "
            f"from the museum of {museum}."
            f"|{painter} is being held by the police in {place}, who [suspect|believe] that the museum of {museum} "
            f"lost a {thing} with inside help.]",
            f"{place} police arrest {painter.last} over {museum} {thing}",
            f"{painter.last} held in {place} over missing {thing}",
            f"Police suspect {painter.last} in {museum} museum theft",
        ),
        (
            f"[The {thing} shown in the museum of {place} for {spelled(d.count(8, 60))} years is not real, experts "
            f"from {other} [found|concluded]."
            f"|Experts from {other} looked closely at a famous {thing} in the museum of {place} and [called|declared] "
            "it a forgery.]",
            f"{place} museum {thing} is fake, experts say",
            f"Experts call {thing} in {place} museum forgery",
            f"{other} experts: {thing} in {place} not real",
        ),
    )
    distractor = (
        f"{d.before()} thieves [made off|escaped] with a {thing} worth {d.millions(2, 90)} from the museum of "
        f"{d.place()}, and police there arrested {d.person()}."
    )
    details = [
        f'"[I have no words|We had no idea|I could hardly sleep]," said director {d.person()}.',
        f"The collection, a gift of {d.person()}, is [valued|insured] at {d.millions(20, 900)}.",
        f"Alarms [failed|stayed silent], and guard {d.person()} noticed nothing.",
        f"A similar case in {d.place()} in {d.count(1985, 2020)} was [never|quickly] solved.",
        f"The insurer {d.company()} [offers|promised] a reward for information.",
    ]
    openers = [
        f"Last year burglars [failed|gave up] at the museum of {d.place()}.",
        f"Collector {d.person()} of {d.place()} could hardly believe the news.",
    ]
    return Story(lead, headlines, distractor, details, openers)
