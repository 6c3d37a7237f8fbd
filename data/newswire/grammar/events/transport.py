"""Transport: trains, bridges and ships."""

from __future__ import annotations

from ..background import rescue_details
from ..desk import Desk, Story, people, spelled


def derailment(d: Desk) -> Story:
    place, start, end, country, hurt, dead = (
        d.place(),
        d.place(),
        d.place(),
        d.country(),
        d.count(2, 90),
        d.count(2, 40),
    )
    cargo = d.pick("grain", "fuel", "coal", "timber", "cement")
    lead, *headlines = d.pick(
        (
            f"[A night train on its way from {start} to {end} left the rails [outside|near] {place} on {d.day()}, and "
            f"{people(dead)} [lost their lives|died]."
            f"|At least {people(dead)} died on the line from {start} to {end} when a night train [crashed|overturned] "
            f"close to {place} on {d.day()}."
            f"|The journey of a night train from {start} to {end} ended near {place} on {d.day()}, where it "
            f"[left the rails|overturned] and {people(dead)} died.]",
            f"Train crash near {place} kills {dead} people",
            f"{dead} dead as night train leaves rails near {place}",
            f"Night train to {end} crashes at {place}, {dead} dead",
        ),
        (
            f"[An express from {start} to {end} jumped the track at {place} on {d.day()}, and {people(hurt)} were "
            "[taken to hospital|hurt]."
            f"|Doctors treated {people(hurt)} on {d.day()} after a train from {start} to {end} came off the rails at "
            f"{place}."
            f"|Near {place} a train to {end} that had left {start} at dawn came off the rails, and "
            f"{people(hurt)} [needed a doctor|were hurt].]",
            f"{place} train derailment injures {hurt} people",
            f"{hurt} hurt as {start} train leaves rails at {place}",
            f"Train to {end} derails, {hurt} hurt in {place}",
        ),
        (
            f"[Wagons loaded with {cargo} [blocked|lay across] the main line at {place} after a freight train came "
            f"off the rails, so nothing moved between {start} and {end}."
            f"|The line between {start} and {end} is closed at {place}, where a train carrying {cargo} [derailed|left "
            f"the rails] on {d.day()}.]",
            f"Derailed {cargo} train blocks line at {place}",
            f"{start}, {end} line closed after {cargo} train derails",
            f"{cargo.capitalize()} wagons stop traffic between {start} and {end}",
        ),
        (
            f"[A broken rail, and not the driver from {start}, was to blame for the train crash at {place}, "
            f"investigators in {country} [found|said]."
            f"|The crash of the train from {start} at {place} was [caused by|due to] a broken rail, a report for the "
            f"government of {country} says.]",
            f"Broken rail blamed for {place} train crash",
            f"{place} accident due to broken rail, {country} says",
            f"Report: broken rail caused accident at {place}",
        ),
    )
    distractor = (
        f"{d.before()} a train from {d.place()} to {d.place()} [left the rails|crashed] close to {d.place()}, "
        f"and {people(d.count(2, 90))} died."
    )
    details = [
        *rescue_details(d, country)[:1],
        f"Transport minister {d.person()} [promised|ordered] an inquiry.",
        f"Services between {d.place()} and {d.place()} will [resume|start again] on {d.day()}.",
        f"The train was {d.count(12, 45)} years old and belonged to {d.company()}.",
        f"In {d.count(1960, 2020)} an accident at {d.place()} [killed|cost the lives of] {d.count(20, 90)} people.",
    ]
    openers = [
        f"The line through {d.place()} was [repaired|renewed] only last year.",
        f"Railway unions in {country} have complained about [old tracks|long shifts] since {d.count(2005, 2022)}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def bridge(d: Desk) -> Story:
    place, other, river, cost, length, builder = (
        d.place(),
        d.place(),
        d.river(),
        d.money(),
        d.round(300, 9_000),
        d.company(),
    )
    lead, *headlines = d.pick(
        (
            f"[Drivers [crossed|could cross] the {river} at {place} for the first time on {d.day()} on a bridge that "
            f"{builder} built for {cost}."
            f"|A bridge that cost {cost} has [carried|taken] cars over the {river} in {place} since {d.day()}, to the "
            f"pride of builder {builder}."
            f"|The {river} can be crossed at {place} since {d.day()}, as builder {builder} has "
            f"[finished|completed] a bridge for {cost}.]",
            f"{place} opens {cost} bridge over {river}",
            f"New {river} bridge in {place} opens to traffic",
            f"{builder} completes {cost} bridge at {place}",
        ),
        (
            f"[Engineers found cracks in the bridge over the {river} at {place}, and traffic must [go round|make a "
            f"detour] by way of {other}."
            f"|No car may use the bridge at {place} across the {river}, in which inspectors from {other} "
            "[found|discovered] cracks.]",
            f"Cracks shut {river} bridge at {place}",
            f"{place} closes {river} bridge over cracks",
            f"Cracks found in {place} bridge, traffic stopped",
        ),
        (
            f"[{builder} [will build|won the contract for] a tunnel of {length:,} metres under the {river} between "
            f"{place} and {other}, worth {cost}."
            f"|Worth {cost}, the order for a tunnel under the {river} from {place} to {other} [goes|went] to "
            f"{builder}, which will start in {d.month()}."
            f"|Between {place} and {other}, {length:,} metres of tunnel will pass under the {river}, "
            f"[built|dug] by {builder} at a price of {cost}.]",
            f"{builder} wins {cost} {river} tunnel contract",
            f"{builder} to build {river} tunnel for {cost}",
            f"{place}, {other} tunnel order goes to {builder}",
        ),
        (
            f"[The bridge that is to link {place} and {other} will cost {cost}, [twice as much as planned|far more "
            f"than planned], builder {builder} admitted."
            f"|Builder {builder} [now wants|asks for] {cost} for the bridge from {place} to {other}, far more than "
            "first agreed.]",
            f"Cost of {place} bridge climbs to {cost}",
            f"{builder} asks {cost} for {place}, {other} bridge",
            f"Bridge between {place} and {other} dearer than planned",
        ),
    )
    distractor = (
        f"{d.before()} cars [crossed|could cross] the {d.river()} at {d.place()} on a bridge that {d.company()} "
        f"built for {d.money()}."
    )
    details = [
        f"The old crossing dates from {d.count(1850, 1960)} and was designed by {d.person()}.",
        f"About {d.round(2_000, 90_000):,} cars a day use the road to {d.place()}.",
        f'"[We waited long enough|It is a work of art|My children will use it]," said {d.person()}, a '
        f"[baker|driver|ferryman] in {d.place()}.",
        f"A similar project in {d.place()} took {spelled(d.count(3, 15))} years and {d.money()}.",
        f"Transport minister {d.person()} [praised the workers|asked for patience].",
    ]
    openers = [
        f"Last {d.month()} a new bridge near {d.place()} [cut|shortened] the way to {d.place()} by an hour.",
        f"Plans by {d.company()} were [rejected|shelved] in {d.count(1980, 2015)}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def shipwreck(d: Desk) -> Story:
    place, ship, country, number, port = d.place(), d.river(), d.country(), d.count(3, 90), d.place()
    vessel, group = d.pick(
        ("ferry", "passengers"), ("trawler", "fishermen"), ("yacht", "sailors"), ("freighter", "crew members")
    )
    lead, *headlines = d.pick(
        (
            f"[Helicopters [lifted|brought] {number} {group} to safety when the {vessel} {ship}, bound for {port}, "
            f"began to sink off {place} on {d.day()}."
            f"|All {number} {group} of the {vessel} {ship} are [safe|on dry land] after it began to sink off {place} "
            f"on the way to {port}."
            f"|On its way to {port} the {vessel} {ship} began to sink off {place}, but {number} {group} were "
            "[lifted out|saved] by helicopters.]",
            f"{number} {group} saved from sinking {vessel} off {place}",
            f"{vessel.capitalize()} {ship} sinks off {place}, {number} rescued",
            f"All {number} {group} of {vessel} {ship} safe",
        ),
        (
            f"[The {vessel} {ship} went down in a storm [off|near] {place}, and {spelled(number)} {group} are "
            f"[missing|unaccounted for], the coast guard of {country} said."
            f"|There is no trace of {spelled(number)} {group} of the {vessel} {ship}, which [sank|was lost] near "
            f"{place} on {d.day()}."
            f"|The coast guard of {country} has [lost hope|little hope] for {spelled(number)} {group} of the "
            f"{vessel} {ship}, which went down near {place}.]",
            f"{number} {group} missing after {vessel} sinks off {place}",
            f"{vessel.capitalize()} {ship} lost near {place} with {number} {group}",
            f"Search for {number} {group} of {vessel} {ship}",
        ),
        (
            f"[Lost in fog on the way to {port}, the {vessel} {ship} [ran onto|struck] rocks near {place}, but nobody "
            "was hurt."
            f"|With a [damaged|broken] rudder, the {vessel} {ship} came to rest on a sandbank close to {place}, far "
            f"from {port}.]",
            f"{vessel.capitalize()} {ship} runs aground near {place}",
            f"Stranded {vessel} {ship} fails to reach {port}",
            f"{vessel.capitalize()} {ship} stuck close to {place}",
        ),
        (
            f"[Divers off {place} have [found|located] the {vessel} {ship}, which sank in "
            f"{(year := d.count(1900, 1990))} on a voyage to {port}."
            f"|The {vessel} {ship}, which never arrived in {port} in {year}, [lies|rests] on the sea floor off "
            f"{place}, divers report.]",
            f"Wreck of {vessel} lost in {year} found off {place}",
            f"Divers find {vessel} {ship} off {place}",
            f"{vessel.capitalize()} {ship}, missing since {year}, discovered",
        ),
    )
    distractor = (
        f"{d.before()} the {vessel} {d.river()} [sank|went down] off {d.place()} on the way to {d.place()}, and "
        f"{d.count(10, 90)} people [were saved|are missing]."
    )
    details = [
        f'"[The sea was as black as ink|These waters forgive nothing|We know every rock here]," said {d.person()}, a '
        f"fisherman from {d.place()}.",
        f"{country}'s weather service [warned of|expects] more wind [before the weekend|by {d.day()}].",
        f"A boat from {d.place()} [was the first to arrive|turned back with engine trouble].",
        f"In {d.count(1950, 2019)} the ferry {d.river()} sank near {d.place()} with {d.count(60, 300)} people on "
        "board.",
        f"Captain {d.person()} of the coast guard called these waters [dangerous|hard to read].",
    ]
    openers = [
        f"Waves of {spelled(d.count(4, 12))} metres kept the boats of {d.place()} in harbour.",
        f"Harbour master {d.person()} of {d.place()} heard the first call at dawn.",
    ]
    return Story(lead, headlines, distractor, details, openers)
