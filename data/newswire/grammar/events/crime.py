"""Courts and regulators: verdicts, fines and data leaks."""

from __future__ import annotations

from ..background import market_details
from ..desk import Desk, Story, spelled


def verdict(d: Desk) -> Story:
    accused, judge, place, company, years = d.person(), d.person(), d.place(), d.company(), d.count(2, 25)
    crime = d.pick("fraud", "bribery", "smuggling", "arson", "blackmail", "tax evasion")
    job = d.pick("banker", "mayor", "surgeon", "property developer", "art dealer", "shipowner")
    lead, *headlines = d.pick(
        (
            f"[Judge {judge} sent {job} {accused} to prison for {spelled(years)} years on {d.day()} after a jury in "
            f"{place} found {d.pick('enough proof', 'clear evidence')} of {crime}."
            f"|For {spelled(years)} years {job} {accused} [must go|goes] to prison, judge {judge} of {place} said on "
            f"{d.day()}, for {crime} on a large scale."
            f"|There was [enough proof|clear evidence] of {crime}, judge {judge} told a court in {place}, and "
            f"{job} {accused} must spend {spelled(years)} years in prison.]",
            f"{accused.last} jailed {years} years for {crime} in {place}",
            f"{place} judge sends {job} {accused.last} to prison for {crime}",
            f"{job.capitalize()} {accused.last} gets {years} years for {crime}",
        ),
        (
            f"[A jury in {place} did not believe the main witness, {judge}, and [cleared|acquitted] {job} {accused} "
            f"of {crime}."
            f"|Accused of {crime}, {job} {accused} left the court in {place} a free person after the jury "
            f"[doubted|did not trust] the word of {judge}."
            f"|Nobody could [prove|show] that {job} {accused} was guilty of {crime}, not even witness "
            f"{judge}, and the jury in {place} said so.]",
            f"{place} jury clears {accused.last} of {crime}",
            f"{job.capitalize()} {accused.last} walks free in {crime} trial",
            f"{accused.last} not guilty of {crime}, {place} court finds",
        ),
        (
            f"[{company} must pay {(amount := d.millions())} to [former customers|neighbours of its plant|small "
            f"investors], a court in {place} ruled on {d.day()}."
            f"|Judges in {place} [sided with|agreed with] {d.round(20, 900)} former customers and told {company} to "
            f"pay them {amount}."
            f"|A claim against {company} by [former customers|small investors] has succeeded in {place}, "
            f"where judges set the sum to be paid at {amount}.]",
            f"{place} court orders {company} to pay {amount}",
            f"{company} must pay {amount}, judges in {place} rule",
            f"{company} loses {place} case, owes {amount}",
        ),
        (
            f"[The prison sentence of {job} {accused} was [halved|cut in half] by an appeals court in {place}, which "
            f"found that judge {judge} had been too strict."
            f"|Higher judges in {place} found judge {judge} too strict and let {job} {accused} serve only half of the "
            "prison term.]",
            f"{place} appeals court halves {accused.last} sentence",
            f"{job.capitalize()} {accused.last} wins shorter sentence on appeal",
            f"{place} judges cut prison term of {accused.last} by half",
        ),
    )
    distractor = (
        f"For the same crime {d.person()}, [a banker|an art dealer|a mayor] from {d.place()}, [went to prison for "
        f"{spelled(d.count(2, 25))} years|had to pay {d.millions()}] in {d.month()}."
    )
    details = [
        f"The case of {d.person()}, heard by the same judges, begins in {d.month()}.",
        f'"[We will appeal|Justice has been done|This is a sad day]," said lawyer {d.person()}.',
        f"In a similar case in {d.place()}, {d.person()} [was fined {d.millions(2, 60)}|received "
        f"{spelled(d.count(2, 9))} years].",
        f"The trial lasted {spelled(d.count(3, 40))} days and heard {d.count(20, 90)} witnesses.",
        f"[The affair|The case] came to light when {d.person()}, a clerk at {d.company()}, spoke to reporters.",
    ]
    openers = [
        f"Last month a court in {d.place()} let {d.person()} go free [for lack of evidence|after a mistake by the "
        "police].",
        f"Outside the court {d.person()}, a neighbour, [had been waiting|waited] since dawn.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def regulatory_fine(d: Desk) -> Story:
    company, country, rival, amount, head = d.company(), d.country(), d.company(), d.money(), d.person()
    trade = d.pick("search engine", "bank", "brewer", "cement maker", "power company", "railway operator")
    offence, short = d.pick(
        ("fixing prices with rivals", "price fixing"),
        ("hiding risks from investors", "hidden risks"),
        ("pouring waste into a lake", "lake pollution"),
        ("spying on its own staff", "staff spying"),
        ("misleading customers in its advertising", "false advertising"),
    )
    lead, *headlines = d.pick(
        (
            f"[For {offence}, {trade} {company} must [hand over|pay] {amount} to the state, regulators in {country} "
            f"[ruled|decided] on {d.day()}."
            f"|In {country}, {trade} {company} has been [ordered|told] to pay a penalty of {amount} for {offence}."
            f"|A penalty of {amount} was [set|handed down] in {country} on {d.day()} for {trade} {company}, "
            f"which is guilty of {offence}.]",
            f"{country} fines {company} {amount} for {short}",
            f"{company} to pay {country} {amount} over {short}",
            f"{trade.capitalize()} {company} gets {amount} penalty",
        ),
        (
            f"[Investigators [searched|combed through] the offices of {trade} {company} in {country} on suspicion of "
            f"{offence}, as they had done at {rival} in {d.month()}."
            f"|Officers [arrived|appeared] at the doors of {trade} {company} in {country} on {d.day()} and carried "
            f"off papers that may prove {offence}.]",
            f"{country} raids {company} offices over {short}",
            f"Investigators search {trade} {company} in {country}",
            f"{country} officers look for {short} proof at {company}",
        ),
        (
            f"[{trade.capitalize()} {company} will not have to pay {amount} after all, since judges in {country} "
            f"[saw|found] no proof of {offence}."
            f"|Judges in {country} [cancelled|lifted] a penalty of {amount} against {trade} {company} on {d.day()}, "
            f"as nobody could prove {offence}."
            f"|Since {offence} could not be [proved|shown], judges in {country} took a penalty of {amount} "
            f"away from {trade} {company}.]",
            f"{company} escapes {amount} {country} fine",
            f"{country} judges lift {amount} penalty for {company}",
            f"{company} cleared of {short} in {country}",
        ),
        (
            f"[{country} is [looking into|examining] whether {trade} {company} has been {offence}, {head} of the "
            "competition office [said|confirmed]."
            f"|An inquiry into {trade} {company} has [begun|started] in {country}, where it is suspected of "
            f"{offence}, according to {head}.]",
            f"{country} probes {company} over {short}",
            f"{country} inquiry looks into {short} at {company}",
            f"{trade.capitalize()} {company} under suspicion of {short}",
        ),
    )
    distractor = (
        f"{d.before()} regulators in {d.country()} told {rival} to pay {d.money()}, but [judges|courts] "
        f"[cancelled|lifted] a penalty of {d.money()} against {d.company()}."
    )
    details = [
        *market_details(d, company)[:4],
        f"In {d.count(2005, 2023)} {rival} [was fined|paid] {d.money()} in a similar case.",
        f"Consumer groups led by {d.person()} [were pleased|want more].",
        f"Authorities in {d.country()} [closed|dropped] their own inquiry in {d.month()}.",
    ]
    openers = [
        f"Its competitor {rival} has [just settled|settled] a case in {d.country()} for {d.money()}.",
        f"A letter by former accountant {d.person()} set things in motion in {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def data_leak(d: Desk) -> Story:
    company, country, place, number, firm = d.company(), d.country(), d.place(), d.count(2, 90), d.company()
    data = d.pick("passport numbers", "bank details", "health records", "passwords", "home addresses", "phone numbers")
    trade = d.pick("hotel chain", "retailer", "insurer", "airline", "network", "clinic group")
    lead, *headlines = d.pick(
        (
            f"[Strangers [copied|got hold of] the {data} of {number} million customers of {trade} {company}, the "
            f"security firm {firm} [found|discovered]."
            f"|The {data} of {number} million people were open to anyone on a server of {trade} {company}, "
            f"[said|reported] the security firm {firm}."
            f"|Security firm {firm} has [found|come across] the {data} of {number} million people, all of "
            f"them customers of {trade} {company}.]",
            f"{company} leak exposes {number} million {data}",
            f"{data.capitalize()} of {number} million {company} customers exposed",
            f"{trade.capitalize()} {company} fails to protect {data} of {number} million",
        ),
        (
            f"[An attack on the computers of {trade} {company} [kept|left] its offices in {place} closed on "
            f"{d.day()}, and the intruders want {(ransom := d.millions(2, 60))}."
            f"|Intruders [locked|froze] the computers of {trade} {company} in {place} and will only free them for "
            f"{ransom}, police said on {d.day()}.]",
            f"Hackers demand {ransom} from {company}",
            f"{company} computers attacked, intruders want {ransom}",
            f"Attack hits {trade} {company} in {place}",
        ),
        (
            f"[{country} [ordered|told] {trade} {company} to pay {(fine := d.millions(2, 300))} because it had stored "
            f"{data} without protection."
            f"|A penalty of {fine} [awaits|faces] {trade} {company} in {country}, whose officials found {data} lying "
            "open.]",
            f"{country} fines {company} {fine} over data leak",
            f"{company} to pay {fine} for exposing {data}",
            f"{country} penalty of {fine} for {trade} {company}",
        ),
        (
            f"[Police in {place} [caught|arrested] a student of {d.count(17, 24)} who is said to have taken {data} "
            f"from {trade} {company}."
            f"|A student is [in custody|under arrest] in {place}, suspected of breaking into the computers of {trade} "
            f"{company} to steal {data}.]",
            f"{place} student held over {company} hack",
            f"Student in {place} suspected of stealing {company} {data}",
            f"Police in {place} catch {company} data thief",
        ),
    )
    distractor = (
        f"{d.before()} strangers copied {data} of {d.count(2, 90)} million customers of {trade} {d.company()}, "
        f"which [paid|had to pay] {d.millions(2, 300)} in {d.country()}."
    )
    details = [
        *market_details(d, company)[:4],
        f"{d.company()} lost the data of {d.count(2, 90)} million people in {d.count(2010, 2023)}.",
        f"Customers in {d.country()} [were not affected|should change their passwords].",
        f"Expert {d.person()} of {d.company()} [blamed|pointed to] an old server in {d.place()}.",
    ]
    openers = [
        f"Only last week {d.company()} had [boasted|said] that its systems were safe.",
        f"A warning by {d.person()}, a former employee, went unheard in {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)
