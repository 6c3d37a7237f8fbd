"""Science: vaccines, satellites and excavations."""

from __future__ import annotations

from ..background import science_details
from ..desk import Desk, Story, spelled


def vaccine(d: Desk) -> Story:
    company, country, rival, rate, number = (
        d.company(),
        d.country(),
        d.company(),
        d.count(31, 97),
        d.round(2_000, 60_000),
    )
    illness = d.pick("malaria", "flu", "dengue", "measles", "cholera", "tuberculosis")
    adverb = "highly effective" if rate >= 80 else "effective" if rate >= 60 else "weak"
    lead, *headlines = d.pick(
        (
            f"[In a trial with {number:,} [volunteers|people], a vaccine by {company} [prevented|stopped] {rate} "
            f"percent of {illness} cases."
            f"|Of those who got the {illness} vaccine of {company} in a study, {rate} percent were [protected|safe], "
            "compared with few in a group without it."
            f"|A {illness} vaccine made by {company} [stopped|prevented] {rate} percent of cases among "
            f"{number:,} people in a study.]",
            f"{company} {illness} vaccine {adverb} in trial",
            f"{company} vaccine prevents {rate} percent of {illness} cases",
            f"{illness.capitalize()} vaccine by {company} protects {rate} percent",
        ),
        (
            f"[{company} [broke off|ended] the test of its {illness} vaccine in {country} on {d.day()} after "
            f"{spelled(d.count(2, 9))} volunteers fell ill."
            f"|Testing of the {illness} vaccine of {company} has stopped in {country} since "
            f"[some|{spelled(d.count(2, 9))}] volunteers became unwell.]",
            f"{company} halts {illness} vaccine trial in {country}",
            f"{illness.capitalize()} vaccine test in {country} stopped as volunteers fall ill",
            f"Sick volunteers end {company} vaccine test in {country}",
        ),
        (
            f"[Doctors in {country} may [use|give] the {illness} vaccine of {company} from {d.month()}, the health "
            f"ministry decided, while that of {rival} must wait."
            f"|The health ministry of {country} has [given the green light|said yes] to a {illness} vaccine by "
            f"{company}, but not to that of {rival}."
            f"|It was {company}, and not {rival}, that [got|received] permission in {country} on {d.day()} to "
            f"offer a {illness} vaccine.]",
            f"{country} approves {company} {illness} vaccine",
            f"{country} allows {company} {illness} vaccine, {rival} must wait",
            f"{company} gets green light for {illness} vaccine in {country}",
        ),
        (
            f"[{country} [will buy|ordered] {(doses := d.count(2, 60))} million doses of a {illness} vaccine from "
            f"{company} and none from {rival}, whose price was higher."
            f"|A contract for {doses} million doses of {illness} vaccine [goes to|went to] {company} and not to "
            f"{rival}, officials in {country} said."
            f"|The offer of {rival} was [dearer|too high], and so {company} will deliver {doses} million "
            f"doses of a {illness} vaccine to {country}.]",
            f"{country} orders {doses} million {company} {illness} vaccine doses",
            f"{company} wins {country} contract for {doses} million {illness} doses",
            f"{country} picks {company} over {rival} for {illness} vaccine",
        ),
    )
    distractor = (
        f"{d.before()} a {illness} vaccine by {d.company()} [prevented|stopped] {d.percent(31, 97)} of cases in "
        f"{d.country()}, where {d.count(2, 60)} million doses were ordered."
    )
    details = [
        *science_details(d),
        f"The product of {rival} [reached|showed] {d.percent(31, 97)} in an earlier study.",
        f"Shares in {company} [rose|fell] {d.percent(2, 19)}.",
        f"The illness [killed|claimed] {d.round(2_000, 90_000):,} people in {d.country()} last year.",
    ]
    openers = [
        f"Researchers at {rival} [gave up|failed] in {d.count(2010, 2022)}.",
        f"An outbreak in {d.country()} has [frightened|alarmed] doctors since {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def satellite(d: Desk) -> Story:
    country, company, place, scientist, other = d.country(), d.company(), d.place(), d.person(), d.country()
    task, short = d.pick(
        ("watch the weather", "weather"),
        ("map the ice", "ice"),
        ("carry phone calls", "phone"),
        ("study the sun", "sun"),
        ("look for water on the moon", "moon"),
    )
    lead, *headlines = d.pick(
        (
            f"[A rocket [rose|lifted off] from {place} on {d.day()} with a satellite of {country} that will "
            f"{task}."
            f"|A satellite of {country} that will {task} is [on its way|in orbit] after the launch "
            f"of a rocket at {place} on {d.day()}."
            f"|From {place} a rocket [took|carried] a satellite on its way on {d.day()}, with which {country} "
            f"will {task}.]",
            f"{country} launches {short} satellite from {place}",
            f"{short.capitalize()} satellite of {country} lifts off from {place}",
            f"Rocket carries {country} {short} satellite into orbit",
        ),
        (
            f"[The rocket of {company} [exploded|broke up] {d.count(40, 190)} seconds after lift-off from {place} and "
            f"took with it a satellite built to {task}."
            f"|A satellite built to {task} was [lost|destroyed] on {d.day()} when a rocket of {company} blew up over "
            f"{place}."
            f"|Above {place} a rocket blew up that {company} had [launched|sent up] with a satellite on "
            f"board, built to {task}.]",
            f"{company} rocket explodes with {short} satellite",
            f"{short.capitalize()} satellite lost as {company} rocket blows up",
            f"{company} launch at {place} ends in flames",
        ),
        (
            f"[[Bad weather|High wind|A faulty valve] kept the rocket at {place} on the ground, and {company} will "
            f"[try again|make a new attempt] on {(day := d.day())} to send up a satellite meant to {task}."
            f"|A satellite meant to {task} has to wait until {day}, since {company} [stopped|called off] the launch "
            f"at {place} seconds before the start.]",
            f"{company} delays {short} satellite launch to {day}",
            f"{short.capitalize()} satellite must wait until {day}",
            f"{company} stops rocket launch at {place}",
        ),
        (
            f"[Contact with the satellite that {country} sent up in {d.count(2010, 2023)} to {task} has been "
            f"[lost|broken off] since {d.day()}, engineer {scientist} said."
            f"|The satellite with which {country} [hoped|wanted] to {task} no longer answers, engineer {scientist} "
            f"said on {d.day()}.]",
            f"{country} loses contact with {short} satellite",
            f"{country} {short} satellite silent, engineer {scientist.last} says",
            f"{short.capitalize()} satellite of {country} no longer answers",
        ),
    )
    distractor = (
        f"{d.before()} a rocket of {d.company()} [lifted off|exploded after lift-off] from {d.place()} with a "
        f"satellite that {d.country()} had built."
    )
    details = [
        *science_details(d),
        f"{other} [plans|is preparing] a launch of its own in {d.month()}.",
        f"The craft weighs {d.round(100, 5_000):,} kilograms and was built by {d.company()}.",
        f"An earlier attempt at {d.place()} [ended in the sea|ended in flames].",
    ]
    openers = [
        f"Crowds had gathered on the beach of {d.place()} since dawn.",
        f"In {d.month()} a rocket of {d.company()} [fell into the sea|missed its orbit].",
    ]
    return Story(lead, headlines, distractor, details, openers)


def excavation(d: Desk) -> Story:
    place, leader, country, other, age = d.place(), d.person(), d.country(), d.place(), d.count(3, 60) * 100
    thing = d.pick("temple", "ship", "tomb", "palace", "chapel", "theatre", "mosaic", "gold hoard")
    finder = d.pick("Builders", "Students", "Divers", "Farmers", "Children")
    lead, *headlines = d.pick(
        (
            f"[{finder} [stumbled upon|uncovered] a {thing} some {age:,} years old [near|outside] {place}, "
            f"archaeologist {leader} said."
            f"|A {thing} that lay in the ground near {place} for {age:,} years has come to light by the luck of some "
            f"{finder.lower()}, {leader} [said|reported]."
            f"|Under a field near {place}, some {finder.lower()} [came upon|struck] what archaeologist "
            f"{leader} calls a {thing} of {age:,} years.]",
            f"{finder} find {age:,}-year-old {thing} near {place}",
            f"{thing.capitalize()} from {age:,} years ago discovered at {place}",
            f"{finder} uncover ancient {thing}, {leader.last} says",
        ),
        (
            f"[The {thing} of {place} is {age:,} years old, much older than [anyone thought|the books say], a study "
            f"led by {leader} in {country} shows."
            f"|A team from {country} under {leader} has [dated|traced] the {thing} of {place} to a time {age:,} years "
            "ago."
            f"|Older than [anyone thought|the books say] is the {thing} of {place}: {age:,} years, according "
            f"to a team from {country} under {leader}.]",
            f"{place} {thing} is {age:,} years old, study shows",
            f"Study puts age of {place} {thing} at {age:,} years",
            f"{leader.last} team dates {place} {thing}",
        ),
        (
            f"[After {spelled(d.count(2, 9))} years of work, visitors can [see|walk round] the ancient {thing} of "
            f"{place} from {(month := d.month())}."
            f"|The doors of the ancient {thing} in {place} will be [open to|opened for] the public from {month}, "
            f"{leader} said.]",
            f"Ancient {place} {thing} opens to visitors in {month}",
            f"Visitors to see ancient {thing} in {place} from {month}",
            f"{place} opens doors of ancient {thing}",
        ),
        (
            f"[{country} wants the museum of {other} to [give back|hand over] the ancient {thing} that was taken from "
            f"{place} in {d.count(1850, 1950)}."
            f"|An ancient {thing} from {place}, now shown in {other}, [belongs|should go] back home, the government "
            f"of {country} wrote.]",
            f"{country} demands ancient {thing} back from {other}",
            f"{other} museum should return {thing}, {country} says",
            f"{country} wants {place} {thing} to come home",
        ),
    )
    distractor = (
        f"{d.before()} [students|divers|builders] found a {thing} some {d.count(3, 60) * 100:,} years old near "
        f"{d.place()}, archaeologist {d.person()} said."
    )
    details = [
        f'"[Every stone tells a story|We have waited for this|It belongs to all of us]," said {d.person()}, a '
        f"historian in {d.place()}.",
        f"The [digging|research] at {d.place()} next door has cost {d.millions(2, 90)} so far.",
        f"A {d.pick('helmet', 'harbour', 'road', 'coin')} found at {d.place()} in {d.count(1900, 2015)} is "
        f"{d.count(3, 60) * 100:,} years old.",
        f"The site [belongs to|is owned by] {d.company()}, which wanted to build [offices|a car park] there.",
    ]
    openers = [
        f"Until now {d.place()} was thought to have the oldest ruins of the region.",
        f"When {d.person()} dug here in {d.count(1900, 1990)}, nothing came to light.",
    ]
    return Story(lead, headlines, distractor, details, openers)
