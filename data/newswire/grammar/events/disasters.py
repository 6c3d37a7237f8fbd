"""Disasters: floods, earthquakes, fires, droughts and power cuts."""

from __future__ import annotations

from ..background import rescue_details
from ..desk import Desk, Story, people, sentence, spelled


def flood(d: Desk) -> Story:
    place, other, country, river = d.place(), d.place(), d.country(), d.river()
    dead, homeless, houses, damage = d.count(2, 90), d.round(300, 40_000), d.round(20, 900), d.millions()
    lead, *headlines = d.pick(
        (
            f"[Days of heavy rain sent the {river} over its banks [in|around] {place}, in the [north|south|east|west] "
            f"of {country}, and at least {people(dead)} [drowned|died]."
            f"|At least {people(dead)} [lost their lives|were swept away] in {place}, {country}, when the {river} "
            "burst its banks after days of rain."
            f"|After days of rain the {river} [burst its banks|rose over its banks] in {country}, and in "
            f"{place} at least {people(dead)} died.]",
            f"Floods kill at least {dead} in {place}",
            f"At least {dead} dead as {river} floods {place}",
            f"{country} floods claim {dead} lives, {place} hit",
        ),
        (
            f"[About {homeless:,} people [left|had to leave] their homes in {place} on {d.day()} as the {river} rose "
            "to its highest level in decades."
            f"|Boats brought people out of {place}, where the rising {river} has driven {homeless:,} from their homes "
            f"since {d.day()}."
            f"|The {river} kept rising on {d.day()}, and {homeless:,} people in {place} had to leave their "
            "homes [in boats|on foot].]",
            f"{place} floods force {homeless:,} from homes",
            f"{homeless:,} flee {place} as {river} rises",
            f"Rising {river} drives {homeless:,} out of {place}",
        ),
        (
            f"[A dam above {place} [gave way|broke] after a week of storms, and water from the {river} swept away "
            f"{houses} houses."
            f"|Water [poured|rushed] down the {river} and carried off {houses} houses when a dam broke close to "
            f"{place} on {d.day()}."
            f"|In {place}, {houses} houses are gone since a dam [gave way|broke] on {d.day()} and let loose "
            f"the water of the {river}.]",
            f"Dam burst near {place} destroys {houses} houses",
            f"{houses} houses swept away as dam breaks near {place}",
            f"{place} dam fails, {river} carries off {houses} houses",
        ),
        (
            f"[Insurers put the damage from last month's floods along the {river} in {country} at {damage}, "
            "[twice|three times] the first estimate."
            f"|Last month the {river} flooded large parts of {country}, and repairs will cost {damage}, insurers "
            "[believe|reckon].]",
            f"{country} flood damage put at {damage}",
            f"{river} floods to cost {country} {damage}, insurers say",
            f"Insurers: {river} flood damage reaches {damage}",
        ),
    )
    distractor = (
        f"In {d.place()}, {d.country()}, at least {people(d.count(2, 90))} [drowned|died] in {d.month()}, when "
        f"the {d.river()} [swept away|carried off] {d.round(20, 900)} houses."
    )
    details = [
        *rescue_details(d, country, "[rain|storms]"),
        f"Further down the river, {other} [escaped with wet cellars|closed its schools|filled "
        f"{d.round(2_000, 50_000):,} sandbags].",
        f"Roads to {other} [were cut|remained closed], and {d.round(1_000, 20_000):,} households had no power.",
    ]
    openers = [
        f"In {d.count(1960, 2018)} the same valley lost {d.round(50, 900)} people to high water.",
        f"Forecasters in {other} had warned since {d.day()} that the ground could take no more water.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def earthquake(d: Desk) -> Story:
    place, country, other, dead, hurt = d.place(), d.country(), d.place(), d.count(2, 400), d.round(10, 900)
    size = f"{d.count(4, 7)}.{d.count(0, 9)}"
    adjective = "strong" if size >= "6" else "moderate"
    lead, *headlines = d.pick(
        (
            f"[The earth shook for almost a minute near {place}, in {country}, on {d.day()}, and {people(dead)} died "
            "[in|under] collapsed buildings."
            f"|Many houses in {place}, {country}, did not [withstand|survive] an earthquake on {d.day()}, in which "
            f"{people(dead)} [lost their lives|died]."
            f"|When an earthquake [struck|hit] {country} on {d.day()}, houses fell in {place}, and "
            f"{people(dead)} died.]",
            f"Quake near {place} kills {dead} people",
            f"{dead} dead in {country} as earthquake shakes {place}",
            f"{place} earthquake claims {dead} lives in {country}",
        ),
        (
            f"[An earthquake with a magnitude of {size} [hit|shook] {place} in the [early morning|night], but "
            f"{country} [escaped without|reported no] deaths."
            f"|Everybody was safe in {place} after a magnitude {size} earthquake, officials in {country} said on "
            f"{d.day()}."
            f"|No deaths were [reported|known] in {country} after an earthquake of magnitude {size} near "
            f"{place} on {d.day()}.]",
            f"{sentence(adjective)} quake hits {place}, none dead",
            f"Magnitude {size} earthquake shakes {place}, all safe",
            f"{country} escapes deaths as earth trembles in {place}",
        ),
        (
            f"[Rescuers in {place} [pulled|freed] a {d.pick('boy', 'girl', 'woman', 'man')} alive from the ruins "
            f"{spelled(days := d.count(3, 9))} days after the earthquake that struck {country}."
            f"|Against all hope, a {d.pick('boy', 'girl', 'woman', 'man')} was [dug|brought] out alive in {place}, "
            f"{country}, {spelled(days)} days after the earthquake.]",
            f"Survivor found in {place} {days} days after quake",
            f"Rescue in {place} {days} days after {country} earthquake",
            f"{country} quake survivor freed after {days} days",
        ),
        (
            f"[At least {hurt} people needed treatment after an earthquake of magnitude {size} threw down walls in "
            f"{place}, a port in {country}."
            f"|Falling walls [hurt|wounded] {hurt} people in {place}, a port in {country}, when an earthquake of "
            f"magnitude {size} struck on {d.day()}.]",
            f"{sentence(adjective)} quake injures {hurt} in {country} port",
            f"{hurt} hurt as earthquake strikes {place}",
            f"Falling walls injure {hurt} in {place} earthquake",
        ),
    )
    distractor = (
        f"In {d.place()}, {d.country()}, an earthquake of magnitude {d.count(4, 7)}.{d.count(0, 9)} [hurt|killed] "
        f"{d.round(10, 900)} people in {d.month()}."
    )
    details = [
        *rescue_details(d, country),
        f"The tremor was felt as far away as {other}, {d.round(60, 600)} kilometres to the [north|south|east|west].",
        f"A quake of magnitude {d.count(5, 7)}.{d.count(0, 9)} [killed|claimed the lives of] {d.round(100, 900)} "
        f"people in {d.country()} in {d.count(1950, 2018)}.",
    ]
    openers = [
        f"People in {other} still remember the great quake of {d.count(1930, 2010)}.",
        f"Only last week researchers in {d.place()} had warned of rising tension in the rock.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def wildfire(d: Desk) -> Story:
    place, country, other, area, homes = d.place(), d.country(), d.place(), d.round(200, 60_000), d.round(20, 900)
    lead, *headlines = d.pick(
        (
            f"[Driven by [strong|hot] winds, flames have [blackened|eaten through] {area:,} hectares of forest around "
            f"{place}, in {country}, since {d.day()}."
            f"|Firefighters in {country} are [losing|fighting] a battle near {place}, where {area:,} hectares of "
            f"forest have burned since {d.day()}.]",
            f"Wildfire burns {area:,} hectares near {place}",
            f"{area:,} hectares of {country} forest burn near {place}",
            f"Flames around {place} eat through {area:,} hectares",
        ),
        (
            f"[A forest fire that began near {other} reached {place} on {d.day()}, where {homes} houses [burned "
            "down|were lost]."
            f"|After flames swept down from {other}, {place} counted {homes} houses [lost to the fire|in ashes] on "
            f"{d.day()}."
            f"|In {place}, {homes} houses [burned|were lost] on {d.day()}, when flames came over the hill "
            f"from {other}.]",
            f"Wildfire destroys {homes} houses in {place}",
            f"{place} loses {homes} houses to forest fire",
            f"{homes} houses burn as fire reaches {place}",
        ),
        (
            f"[After {spelled(d.count(4, 20))} days, crews in {country} have [put out|mastered] the forest fire that "
            f"had threatened {place}."
            f"|The forest fire close to {place} is out, crews in {country} [said|reported] after "
            f"{spelled(d.count(4, 20))} days of work.]",
            f"{country} crews put out {place} wildfire",
            f"Forest fire near {place} out, {country} crews say",
            f"{place} safe as crews master forest fire",
        ),
        (
            f"[Buses took {(number := d.round(400, 20_000)):,} people out of {place} as a forest fire [came "
            f"closer|moved down the hills] from {other}."
            f"|In {place}, {number:,} people have to go [to a safe place|elsewhere], because a forest fire near "
            f"{other} is moving towards them."
            f"|Flames near {other} are [coming closer|too close], and {number:,} people were told to leave {place}.]",
            f"{place} evacuates {number:,} as wildfire nears",
            f"{number:,} leave {place} as forest fire comes closer",
            f"Fire near {other} drives {number:,} from {place}",
        ),
    )
    distractor = (
        f"{d.before()} flames around {d.place()}, in {d.country()}, [burned|blackened] {d.round(200, 60_000):,} "
        f"hectares and {d.round(20, 900)} houses."
    )
    details = [
        *rescue_details(d, country, "[wind|heat]"),
        f"Planes from {d.country()} [dropped|brought] water, and {d.count(60, 900)} firefighters were at work near "
        f"{d.place()}.",
        f"Last summer {d.round(200, 60_000):,} hectares burned [around|near] {d.place()}.",
    ]
    openers = [
        f"It has not rained in {other} for {spelled(d.count(5, 20))} weeks.",
        f"A careless camper from {d.place()} has been [questioned|charged].",
    ]
    return Story(lead, headlines, distractor, details, openers)


def building_fire(d: Desk) -> Story:
    place, company, country, dead, other = d.place(), d.company(), d.country(), d.count(2, 60), d.place()
    building = d.pick("factory", "warehouse", "hotel", "market hall", "theatre", "paint plant")
    damage = d.millions(2, 300)
    lead, *headlines = d.pick(
        (
            f"[At least {people(dead)} [did not get out|were trapped and died] when flames raced through a {building} "
            f"in {place} on {d.day()}."
            f"|A {building} in {place} burned to the ground on {d.day()}, and at least {people(dead)} [lost their "
            "lives|died] in the flames."
            f"|For at least {people(dead)} there was no way out of a {building} in {place} when it [caught "
            f"fire|went up in flames] on {d.day()}.]",
            f"{place} {building} fire kills {dead} people",
            f"{dead} die as flames destroy {building} in {place}",
            f"At least {dead} dead in {place} {building} blaze",
        ),
        (
            f"[A fire that began in the kitchen [gutted|destroyed] a {building} owned by {company} in {place}, "
            f"causing damage of {damage}."
            f"|Damage of {damage} was done by flames in a {building} in {place} on {d.day()}, the owner {company} "
            "[said|reported]."
            f"|Owner {company} lost a {building} in {place} to a fire on {d.day()} and [reckons with|expects] "
            f"damage of {damage}.]",
            f"Fire at {place} {building} causes {damage} damage",
            f"Flames gut {company} {building} in {place}",
            f"{company} loses {building} in {damage} blaze",
        ),
        (
            f"[Thick smoke from a burning {building} made the authorities in {place} [shut|close] the "
            f"{(closed := d.pick('port', 'airport', 'motorway', 'railway station'))} on {d.day()}."
            f"|A {building} in {place} caught fire on {d.day()}, and the {closed} nearby [was closed|had to close] "
            "because of the smoke.]",
            f"{building.capitalize()} fire shuts {place} {closed}",
            f"Smoke from burning {building} closes {closed} in {place}",
            f"{place} {closed} shut as {building} burns",
        ),
        (
            f"[Prosecutors in {place} charged {(owner := d.person())}, owner of the {building} that burned down in "
            f"{d.month()}, with ignoring safety rules."
            f"|{owner}, who owns a {building} in {place} that burned down, must [appear|stand] in court in "
            f"{d.month()} for ignoring safety rules.]",
            f"{place} {building} owner {owner.last} charged over fire",
            f"{owner.last} to face court over {place} {building} fire",
            f"Prosecutors blame owner {owner.last} for {building} blaze",
        ),
    )
    distractor = (
        f"{d.before()} a {building} in {d.place()} owned by {d.company()} burned down, and "
        f"{people(d.count(2, 60))} died; damage was put at {d.millions(2, 300)}."
    )
    details = [
        *rescue_details(d, country)[:4],
        f"It took {d.count(20, 300)} firefighters {spelled(d.count(3, 20))} hours to [control|put out] the blaze.",
        f"In {other} a fire at a {d.pick('bakery', 'shoe shop', 'school')} on {d.day()} [hurt|injured] "
        f"{spelled(d.count(2, 9))} people.",
        f"Inspectors from {d.place()} had [visited|checked] the site in {d.month()}.",
    ]
    openers = [
        f"Fire chief {d.person()} of {other} called it a black week.",
        f"At first neighbours in nearby {other} thought of [fireworks|thunder].",
    ]
    return Story(lead, headlines, distractor, details, openers)


def drought(d: Desk) -> Story:
    country, place, river, other, level = d.country(), d.place(), d.river(), d.place(), d.count(8, 38)
    lead, *headlines = d.pick(
        (
            f"[People in {place} may [no longer water|not water] gardens or wash cars from {d.day()}, since the "
            f"reservoir is only {level} percent full."
            f"|With its reservoir only {level} percent full, {place} will [limit|ration] the use of water from "
            f"{d.day()}, as {other} has done."
            f"|The reservoir of {place} [holds|contains] only {level} percent of what it could, and from "
            f"{d.day()} water will be limited there.]",
            f"{place} rations water as reservoir falls to {level} percent",
            f"{place} limits water use, reservoir {level} percent full",
            f"Water short in {place} as reservoir dries up",
        ),
        (
            f"[{country} declared an emergency in {spelled(provinces := d.count(2, 14))} provinces after "
            f"{spelled(d.count(3, 18))} months with [almost no|hardly any] rain."
            f"|Hardly any rain has fallen in {spelled(provinces)} provinces of {country}, which are now [under|in] a "
            "state of emergency.]",
            f"{country} declares drought emergency in {provinces} provinces",
            f"{provinces} {country} provinces under emergency for lack of rain",
            f"{country} calls emergency as rain stays away",
        ),
        (
            f"[Water in the {river} is so low that [ships|barges] can [no longer reach|not get to] {place}, and goods "
            f"pile up in {other}."
            f"|No ship has [reached|come to] {place} since {d.day()} because the {river} carries too little water, "
            f"merchants in {other} said."
            f"|Goods pile up in {other} since the {river} became too low for the ships that [supply|serve] {place}.]",
            f"Low water on {river} cuts off {place}",
            f"{place} out of reach for ships as {river} falls",
            f"{river} too shallow for ships to {place}",
        ),
        (
            f"[The first rain in {spelled(months := d.count(3, 18))} months [fell|came down] on {place} on {d.day()}, "
            f"and {country} may lift limits on water."
            f"|People danced in the streets of {place} on {d.day()} as rain [fell|poured down] after "
            f"{spelled(months)} dry months.]",
            f"Rain ends {months}-month drought in {place}",
            f"{place} sees first rain in {months} months",
            f"Dry spell over in {place} after {months} months",
        ),
    )
    distractor = (
        f"In {d.place()} the reservoir was [still|already] {d.count(8, 60)} percent full in {d.month()}, and "
        f"ships [could use|had left] the {d.river()}."
    )
    details = [
        f"In {d.place()} [wells have run dry|trees are losing their leaves|cattle are being sold].",
        f'"[I have never seen the lake so small|Every drop counts|We pray for clouds]," said farmer {d.person()} from '
        f"{d.place()}.",
        f"The last dry spell, in {d.count(1950, 2015)}, cost farmers in {d.country()} {d.millions()}.",
        f"Water minister {d.person()} wants to [drill|dig] {d.count(20, 300)} wells.",
        f"Meteorologist {d.person()} expects [showers|clouds] over {d.place()} by {d.day()}.",
    ]
    openers = [
        f"Neighbouring {d.country()} has been short of water since {d.month()}.",
        f"The lake near {d.place()} was a place for swimmers until {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def blackout(d: Desk) -> Story:
    place, country, company, other, homes = d.place(), d.country(), d.company(), d.place(), d.round(2_000, 900_000)
    cause, short = d.pick(
        ("A storm", "storm"),
        ("A broken cable", "broken cable"),
        ("Ice on the lines", "ice"),
        ("A fire at a substation", "substation fire"),
        ("A curious squirrel", "squirrel"),
    )
    lead, *headlines = d.pick(
        (
            f"[{cause} [left|plunged] {homes:,} homes in {place} [without electricity|into darkness] on {d.day()}, "
            f"supplier {company} said."
            f"|There was no electricity in {homes:,} homes in {place} on {d.day()}, and supplier {company} "
            f"[blamed|named as the cause] {cause[0].lower()}{cause[1:]}."
            f"|Supplier {company} was [looking for|repairing] the fault on {d.day()}, while {homes:,} homes "
            f"in {place} had no electricity: {cause[0].lower()}{cause[1:]} was to blame.]",
            f"{sentence(short)} cuts power to {homes:,} {place} homes",
            f"{homes:,} homes in {place} dark after {short}",
            f"{place} loses electricity, {company} blames {short}",
        ),
        (
            f"[The lights are [back on|burning again] in {place} after {spelled(hours := d.count(5, 60))} hours, "
            f"following repairs by {company} near {other}."
            f"|It took {company} {spelled(hours)} hours to [restore|bring back] electricity to {place}, as a line "
            f"near {other} had to be mended."
            f"|At last, after {spelled(hours)} hours, there is electricity in {place}, as {company} has "
            f"[mended|replaced] a line near {other}.]",
            f"Power returns to {place} after {hours} hours",
            f"{company} restores {place} electricity after {hours} hours",
            f"{place} lights back on after {company} repairs",
        ),
        (
            f"[Electricity in {country} will be [switched off|cut] for {spelled(hours := d.count(2, 9))} hours a day "
            f"from {d.month()}, as the power station at {place} [lacks coal|needs repairs]."
            f"|For {spelled(hours)} hours each day, people in {country} will [sit in the dark|have no electricity], "
            f"since the power station at {place} is out of order.]",
            f"{country} plans {hours}-hour daily power cuts",
            f"{country} to go without electricity {hours} hours daily",
            f"{country} to sit in dark for {hours} hours each day",
        ),
        (
            f"[{company} must [compensate|repay] {homes:,} customers in {place} who sat in the dark in {d.month()}, a "
            f"court in {other} [ruled|decided]."
            f"|Judges in {other} [sided with|agreed with] {homes:,} customers in {place} who want money from "
            f"{company} for a night without electricity.]",
            f"{company} must compensate {homes:,} for {place} blackout",
            f"{homes:,} in {place} win money from {company}",
            f"{other} court tells {company} to pay for blackout",
        ),
    )
    distractor = (
        f"{d.before()} {d.round(2_000, 900_000):,} homes in {d.place()} [sat in the dark|had no electricity] "
        f"until {d.company()} had mended a line, after {d.count(10, 60)} hours."
    )
    details = [
        f"In {d.place()} [trams stopped|lifts stood still|traffic lights failed], and {spelled(d.count(2, 30))} people "
        "were stuck.",
        f'"[We lit candles and sang|The freezer is a lake|It was very quiet]," said {d.person()} of {d.place()}.',
        f"A failure in {d.count(1990, 2020)} [affected|hit] {d.round(2_000, 900_000):,} homes in {d.country()}.",
        f"Hospitals [used|relied on] generators, according to mayor {d.person()}.",
        f"{d.company()} plans to spend {d.millions()} on new lines.",
    ]
    openers = [
        f"The network around {other} is [old|overloaded], an inspector wrote in {d.month()}.",
        f"In {d.place()}, electrician {d.person()} has hardly slept this week.",
    ]
    return Story(lead, headlines, distractor, details, openers)
