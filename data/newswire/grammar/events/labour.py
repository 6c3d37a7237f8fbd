"""Work: strikes, wages and jobs."""

from __future__ import annotations

from ..background import market_details
from ..desk import Desk, Story, spelled


def strike(d: Desk) -> Story:
    country, company, place, union_leader = d.country(), d.company(), d.place(), d.person()
    workers, effect = d.pick(
        ("pilots", "Planes stayed on the ground"),
        ("train drivers", "Trains stood still"),
        ("nurses", "Hospitals put off operations"),
        ("teachers", "Schools stayed shut"),
        ("dockers", "Ships waited outside the ports"),
        ("miners", "Coal pits fell silent"),
    )
    reason, short = d.pick(
        ("demanding higher wages", "pay"),
        ("angry about plans to cut jobs", "job cuts"),
        ("protesting against longer shifts", "hours"),
        ("opposed to changes in their pensions", "pensions"),
    )
    offer = d.percent(2, 12)
    lead, *headlines = d.pick(
        (
            f"[{effect} across {country} on {d.day()} when {d.round(1_000, 90_000):,} {workers} [walked out|stopped "
            f"work], {reason}."
            f"|Some {d.round(1_000, 90_000):,} {workers} in {country} stayed away from work on {d.day()}, {reason}."
            f"|Demands of the {workers} in {country} were not met, and {d.round(1_000, 90_000):,} of them "
            f"[walked out|stopped work] on {d.day()}, {reason}.]",
            f"{country} {workers} strike over {short}",
            f"{workers.capitalize()} in {country} walk out over {short}",
            f"{country} hit as {workers} stop work over {short}",
        ),
        (
            f"[Staff at {company} laid down tools at the plant in {place} on {d.day()}, {reason}."
            f"|There was no work at the {company} plant in {place} on {d.day()}, where the staff [walked out|stood "
            f"outside the gates], {reason}."
            f"|The gates stayed shut at {place} on {d.day()}, where workers of {company} [refused to "
            f"work|stood outside], {reason}.]",
            f"{company} workers strike in {place} over {short}",
            f"{place} plant idle as {company} workers walk out",
            f"Staff at {company} in {place} down tools over {short}",
        ),
        (
            f"[A walkout planned for {d.day()} at {company} will not take place after managers [came up with|made] an "
            f"offer of {offer} more pay."
            f"|With {offer} more pay on the table, workers at {company} will not [walk out|leave their posts] on "
            f"{d.day()} as planned."
            f"|Managers of {company} [raised|improved] their offer to {offer} more pay, enough for the "
            f"workers to stay at their posts on {d.day()}.]",
            f"{company} workers call off strike after {offer} offer",
            f"{company} averts walkout with {offer} pay rise",
            f"No strike at {company} as workers accept {offer}",
        ),
        (
            f"[A court in {place} [ruled|decided] that {workers} in {country} must go back to work, "
            f"{spelled(d.count(3, 20))} days after they walked out."
            f"|The walkout of {workers} in {country} is [illegal|against the law] and has to end, judges in {place} "
            f"said on {d.day()}.]",
            f"Court orders striking {country} {workers} back to work",
            f"{country} {workers} must end walkout, {place} judges rule",
            f"Walkout of {country} {workers} illegal, court says",
        ),
    )
    distractor = (
        f"In {d.country()}, {d.round(1_000, 90_000):,} {workers} [walked out|stopped work] in {d.month()}, and "
        f"{d.company()} in {d.place()} settled for {d.percent(2, 12)} more pay."
    )
    details = [
        f"Labour minister {d.person()} [called for calm|offered to help|declined to comment].",
        f'"[Our patience is at an end|We were left no choice|We will be back]," said union leader {union_leader}.',
        f"The union represents {d.round(2_000, 90_000):,} people and has asked for {d.percent(4, 15)} more pay.",
        f"A similar dispute at {d.company()} [lasted|dragged on for] {spelled(d.count(2, 9))} weeks and cost "
        f"{d.millions()}.",
    ]
    openers = [
        f"Just a week after {d.company()} settled with its workers, [another|a new] dispute has begun.",
        f"Union leader {union_leader} had [promised|threatened] a hot {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def wages(d: Desk) -> Story:
    company, union, country, rise, staff = d.company(), d.person(), d.country(), d.count(2, 15), d.round(1_000, 90_000)
    group = d.pick(
        "cleaners", "bus drivers", "bakers", "postal workers", "electricians", "cabin crews", "steel workers"
    )
    lead, *headlines = d.pick(
        (
            f"[After {spelled(d.count(5, 40))} hours of talks, {company} and the union led by {union} agreed on {rise} "
            f"percent more pay for {staff:,} {group}."
            f"|The {group} at {company} will [get|receive] {rise} percent more pay, union leader {union} said after a "
            "long night."
            f"|Union leader {union} [got|won] {rise} percent more pay for the {group} of {company}, where "
            "talks had lasted all night.]",
            f"{company} agrees {rise} percent pay rise for {group}",
            f"{group.capitalize()} at {company} to get {rise} percent more",
            f"{union.last} wins {rise} percent for {company} {group}",
        ),
        (
            f"[The {group} of {country} [voted against|said no to] an offer of {rise} percent more pay, although "
            f"union leader {union} had recommended it."
            f"|An offer of {rise} percent more pay does not [satisfy|please] the {group} of {country}, a vote held by "
            f"union leader {union} showed."
            f"|Although {union}, who leads the union, [liked|praised] it, an offer of {rise} percent found no "
            f"favour with the {group} of {country}.]",
            f"{country} {group} reject {rise} percent pay offer",
            f"{group.capitalize()} in {country} vote down {rise} percent rise",
            f"{country} {group} want more than {rise} percent",
        ),
        (
            f"[From {(month := d.month())}, {group} at {company} will [work|come in] only four days a week for the "
            f"same money, under a deal signed by {union}."
            f"|Fridays will be free for the {group} of {company} from {month}, union leader {union} [announced|said], "
            "and wages stay the same.]",
            f"{company} {group} win four-day week from {month}",
            f"Four days are enough for {company} {group} from {month}",
            f"Shorter week for {group} at {company}, {union.last} says",
        ),
        (
            f"[The lowest wage allowed in {country} will [go up|climb] by {rise} percent in {(month := d.month())}, "
            f"labour minister {union} [announced|said]."
            f"|Low earners in {country} will get {rise} percent more from {month}, when the legal minimum [rises|goes "
            f"up], minister {union} said.]",
            f"{country} to lift minimum wage {rise} percent in {month}",
            f"Lowest wage in {country} goes up {rise} percent",
            f"{country} low earners to get {rise} percent more",
        ),
    )
    distractor = (
        f"{d.before()} the {group} at {d.company()} [got|received] {d.percent(2, 15)} more pay, and those of "
        f"{d.country()} [voted against|accepted] {d.percent(2, 15)}."
    )
    details = [
        f"At {d.company()}, workers [won|received] {d.percent(2, 15)} in {d.month()}.",
        f'"[It is a fair result|The money is there|We wanted more]," said {d.person()}, who has worked in {d.place()} '
        f"for {d.count(12, 40)} years.",
        f"Employers, led by {d.person()}, had [first offered|started with] {d.percent(1, 4)}.",
        f"Prices have risen {d.percent(2, 14)} in a year, more than in {d.country()}.",
        f"A [similar|comparable] agreement in {d.country()} cost {d.millions()}.",
    ]
    openers = [
        f"Earlier talks in {d.place()} had ended [without result|in anger].",
        f"{d.company()} [led the way|made the first move] with a deal in {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def layoffs(d: Desk) -> Story:
    company, place, rival, jobs, share = d.company(), d.place(), d.company(), d.round(100, 20_000), d.count(4, 40)
    trade = d.pick("bank", "carmaker", "phone maker", "retailer", "newspaper group", "shipping line")
    reason, short = d.pick(
        ("falling sales", "sales fall"),
        ("new machines", "machines take over"),
        ("high debts", "debts mount"),
        ("the loss of a big order", "order is lost"),
    )
    lead, *headlines = d.pick(
        (
            f"[[Citing|Pointing to] {reason}, {trade} {company} said on {d.day()} that it would part with {jobs:,} "
            f"employees, most of them in {place}."
            f"|In {place}, {jobs:,} people will lose their work at {trade} {company}, which [spoke of|gave as the "
            f"reason] {reason}."
            f"|Because of {reason}, {jobs:,} people [must leave|will lose their work at] {trade} {company}, "
            f"most of them in {place}.]",
            f"{company} cuts {jobs:,} jobs as {short}",
            f"{trade.capitalize()} {company} to shed {jobs:,} in {place}",
            f"{jobs:,} lose work at {company} as {short}",
        ),
        (
            f"[The {company} plant in {place} will [close|shut its doors] in {(month := d.month())}, the {trade} told "
            f"{jobs:,} workers there."
            f"|By {month} {trade} {company} will have [left|given up] its plant in {place}, where {jobs:,} people "
            "work."
            f"|The plant at {place}, where {jobs:,} people work, has no future [with|at] {trade} {company} "
            f"and will stand empty from {month}.]",
            f"{company} to shut {place} plant in {month}",
            f"{trade.capitalize()} {company} gives up {place}, {jobs:,} affected",
            f"{place} to lose {company} plant with {jobs:,} workers",
        ),
        (
            f"[One year after dismissing {d.round(100, 900)} people, {trade} {company} is [looking for|taking on] "
            f"{jobs:,} new workers in {place}."
            f"|There will be work for {jobs:,} more people in {place}, where {trade} {company} is [growing|adding a "
            "night shift]."
            f"|New orders have [arrived|come in], and {trade} {company} needs {jobs:,} more people in {place}.]",
            f"{company} to hire {jobs:,} in {place}",
            f"{trade.capitalize()} {company} seeks {jobs:,} workers in {place}",
            f"{jobs:,} new jobs at {company} in {place}",
        ),
        (
            f"[Managers at {trade} {company} will go without {share} percent of their pay to [protect|save] {jobs:,} "
            f"jobs in {place}."
            f"|To [avoid|prevent] the loss of {jobs:,} jobs in {place}, those who run {trade} {company} accept "
            f"{share} percent less pay.]",
            f"{company} managers take {share} percent pay cut to save jobs",
            f"{company} managers give up {share} percent of wages",
            f"Lower wages for managers save {jobs:,} {company} jobs",
        ),
    )
    distractor = (
        f"{d.before()} {trade} {rival} [closed|opened] a plant in {d.place()}, where {d.round(100, 20_000):,} "
        "people [had worked|found work]."
    )
    details = [
        *market_details(d, company),
        f"{rival} [let go|dismissed] {d.round(100, 9_000):,} people in {d.month()}.",
        f'"[We are shocked|Whole families work here|It came without warning]," said union leader {d.person()}.',
    ]
    openers = [
        f"Just a month ago rival {rival} [closed|sold] its plant in {d.place()}.",
        f"{d.person()}, the mayor of {d.place()}, spoke of a [bitter|grey] day.",
    ]
    return Story(lead, headlines, distractor, details, openers)
