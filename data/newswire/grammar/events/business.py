"""Companies: profits, takeovers, products, factories and bankruptcies."""

from __future__ import annotations

from ..background import market_details
from ..desk import Desk, Story, spelled


def earnings(d: Desk) -> Story:
    company, rival, market = d.company(), d.company(), d.country()
    goods = d.pick("phone", "truck", "chip", "shoe", "battery", "tyre", "toy", "furniture")
    quarter, size, amount = d.pick("first", "second", "third", "fourth"), d.count(2, 60), d.money()
    cost = d.pick("steel", "energy", "shipping", "labour")
    up = "soars" if size >= 30 else "jumps" if size >= 10 else "edges up"
    down = "plunges" if size >= 30 else "falls" if size >= 10 else "slips"
    lead, *headlines = d.pick(
        (
            f"[[Strong|Better|Brisk] sales helped {goods} maker {company} [lift|raise|push up] {quarter}-quarter "
            f"profit by {size} percent to {amount}."
            f"|Net profit in the {quarter} quarter came to {amount} at {goods} maker {company}, up {size} percent on "
            "a year ago."
            f"|On the back of [strong|better] sales, {goods} maker {company} earned {amount} in the {quarter} "
            f"quarter, which is {size} percent more than a year ago.]",
            f"{company} {quarter}-quarter profit {up} {size} percent",
            f"{company} earns {amount} in {quarter} quarter, {size} percent more",
            f"Profit at {goods} maker {company} {up} to {amount}",
        ),
        (
            f"[Profit at {goods} maker {company} was {size} percent lower at {amount} in the {quarter} quarter, "
            "[hurt|dragged down] by slow sales."
            f"|In the {quarter} quarter {goods} maker {company} earned {amount}, {size} percent less than a year ago."
            f"|It was a [poor|weak] {quarter} quarter for {goods} maker {company}, whose profit of {amount} "
            f"is {size} percent below that of last year.]",
            f"{company} {quarter}-quarter profit {down} {size} percent",
            f"{company} earns {amount} in {quarter} quarter, {size} percent less",
            f"Profit at {goods} maker {company} {down} to {amount}",
        ),
        (
            f"[Prices for {cost} [rose|went up] faster than sales and left {goods} maker {company} with a loss of "
            f"{amount} in the {quarter} quarter."
            f"|Hit by dearer {cost}, {goods} maker {company} [lost|had a loss of] {amount} in the {quarter} quarter, "
            "after years of steady profit."
            f"|A loss of {amount} [stands|appears] in the books of {goods} maker {company} for the {quarter} "
            f"quarter, the result of dearer {cost}.]",
            f"{company} swings to {amount} loss as {cost} costs rise",
            f"{company} loses {amount} in {quarter} quarter, blames {cost}",
            f"Dear {cost} drives {goods} maker {company} into red",
        ),
        (
            f"[Annual profit will [miss|fall short of] its target of {amount}, {goods} maker {company} [said|told "
            f"investors] on {d.day()}, [pointing to|citing] weak demand in {market}."
            f"|Customers in {market} are buying less, and {goods} maker {company} now [doubts that it can|will not] "
            f"earn the {amount} it had promised."
            f"|Weak demand in {market} is to blame, {goods} maker {company} said, if the year does not bring "
            f"the {amount} of profit that it had [promised|set as a target].]",
            f"{company} warns on profit, blames weak {market} demand",
            f"{company} to miss {amount} profit target",
            f"{goods.capitalize()} maker {company} lowers profit forecast",
        ),
        (
            f"[With orders [growing|pouring in] from {market}, {goods} maker {company} now expects to earn {amount} "
            "this year, more than it had promised."
            f"|Better than it had hoped, the year should bring {goods} maker {company} a profit of {amount}, helped "
            f"by customers in {market}.]",
            f"{company} raises profit forecast to {amount}",
            f"{company} expects {amount} profit on {market} orders",
            f"{market} sales brighten outlook at {goods} maker {company}",
        ),
    )
    distractor = (
        f"In the same quarter of last year [{company} had earned {d.money()}, {d.percent(2, 60)} [more|less] than "
        f"before|profit had changed by {d.percent(2, 60)} to {d.money()}], while {d.company()}, a competitor, "
        f"lost {d.money()}."
    )
    details = [
        *market_details(d, company),
        f"Rival {rival} [reported|posted] a [rise|drop] of {d.percent(2, 60)} in {d.month()}.",
        f"Analysts polled by {d.company()} had expected a [rise|drop] of {d.percent(2, 60)}.",
    ]
    openers = [
        f"Rival {rival} set a [gloomy|cheerful] tone last week, when its profit changed by {d.percent(2, 60)}.",
        f"A good deal has [changed|happened] since {d.company()} gave its forecast for the trade in {d.month()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def merger(d: Desk) -> Story:
    buyer, target, bidder, country, price = d.company(), d.company(), d.company(), d.country(), d.money()
    trade = d.pick("insurer", "brewer", "retailer", "software house", "drug maker", "airline", "publisher")
    lead, *headlines = d.pick(
        (
            f"[Shareholders of {trade} {target} will receive {price} [from|in cash from] {buyer}, which [outbid|beat] "
            f"{bidder} in a contest that lasted {spelled(d.count(2, 9))} months."
            f"|Beating a lower offer by {bidder}, {buyer} has [reached a deal|agreed] to take over {trade} {target} "
            f"at a price of {price}."
            f"|The owners of {trade} {target} have [accepted|said yes to] {price} from {buyer}, after "
            f"{bidder} had offered less.]",
            f"{buyer} buys {target} for {price}",
            f"{buyer} to acquire {trade} {target} in {price} deal",
            f"{buyer} beats {bidder} to {trade} {target}",
        ),
        (
            f"[Talks about a merger of {buyer} and {trade} {target} [broke down|collapsed|ended] on {d.day()} because "
            "the two could not agree on a price."
            f"|Differences over price have put an end to the plan to [join|merge] {buyer} and {trade} {target}, both "
            f"said on {d.day()}."
            f"|Neither {buyer} nor {trade} {target} would [move|give way] on price, and so the two will not "
            "become one company.]",
            f"{buyer}, {target} end merger talks over price",
            f"Merger of {buyer} and {target} falls through",
            f"{trade.capitalize()} {target} and {buyer} drop merger plan",
        ),
        (
            f"[The board of {trade} {target} told shareholders to [turn down|ignore] an offer of {price} made by "
            f"{buyer}, calling it far too low."
            f"|An offer of {price} from {buyer} is not enough for the owners of {trade} {target}, its board "
            f"[wrote|said] on {d.day()}."
            f"|Too low, said the owners of {trade} {target}, when {buyer} [put|laid] {price} on the table on "
            f"{d.day()}.]",
            f"{target} rejects {price} bid from {buyer}",
            f"{trade.capitalize()} {target} spurns {buyer}, calls offer too low",
            f"{buyer} fails with {price} offer for {target}",
        ),
        (
            f"[Regulators in {country} [will not allow|stopped] the takeover of {trade} {target} by {buyer}, fearing "
            "that customers would pay more."
            f"|Customers would suffer if {buyer} took over {trade} {target}, regulators in {country} [found|said], "
            "and they forbade the deal.]",
            f"{country} blocks {buyer} takeover of {target}",
            f"{buyer} may not buy {target}, {country} regulators say",
            f"{country} regulators stop {trade} deal of {buyer}",
        ),
        (
            f"[In need of cash, {buyer} is [parting with|giving up] its {trade} {target}, which goes to {bidder} for "
            f"{price}."
            f"|For {price}, {bidder} is to [receive|take over] the {trade} {target} from {buyer}, which needs the "
            "money."
            f"|The new owner of {trade} {target} is {bidder}, which [pays|paid] {price} to {buyer}, a company "
            "in need of cash.]",
            f"{buyer} sells {target} to {bidder} for {price}",
            f"{bidder} buys {trade} {target} from {buyer}",
            f"{buyer} to part with {trade} {target} for {price}",
        ),
    )
    distractor = (
        f"Not long ago {d.company()} [took over|parted with] {trade} {d.company()} for {d.money()}, and an offer "
        f"of {d.money()} by {d.company()} [was turned down|broke down]."
    )
    details = [
        *market_details(d, d.pick(buyer, target)),
        f"Two years ago {d.company()} paid {d.money()} for {d.company()}, a deal it [came to regret|later reversed].",
        f"The bank {d.company()} [advised|lent money to] both sides.",
    ]
    openers = [
        f"A wave of takeovers began when {d.company()} bought {d.company()} for {d.money()} in {d.month()}.",
        f"For weeks traders had guessed that {d.company()} would [bid|make an offer].",
    ]
    return Story(lead, headlines, distractor, details, openers)


def product(d: Desk) -> Story:
    company, rival, country, price = d.company(), d.company(), d.country(), d.count(4, 99) * 10 + 9
    thing = d.pick(
        "electric van",
        "folding phone",
        "robot mower",
        "smart watch",
        "solar heater",
        "translation headset",
        "delivery drone",
        "electric scooter",
    )
    when = d.month()
    lead, *headlines = d.pick(
        (
            f"[Customers [can|will be able to] buy the {thing} of {company} from {when}, the firm said at a "
            f"[show|fair] in {d.place()}, and it will cost ${price}."
            f"|In {when} {company} [will start|starts] to sell its {thing} for ${price}, and orders are taken from "
            f"{d.day()}."
            f"|The price is ${price}, and the day of the first sale is in {when}: {company} "
            f"[showed|presented] its {thing} in {d.place()}.]",
            f"{company} to launch ${price} {thing} in {when}",
            f"{company} {thing} on sale from {when} for ${price}",
            f"{when} start for {company} {thing} at ${price}",
        ),
        (
            f"[Problems with [software|batteries|suppliers] mean that the {thing} promised by {company} will not "
            f"reach shops before {when}."
            f"|Buyers of the {thing} by {company} must wait until {when}, because there were problems with [the "
            "wiring|its suppliers]."
            f"|Not before {when} will {company} be able to [sell|deliver] its {thing}, which has problems "
            "with [batteries|software].]",
            f"{company} delays {thing} launch until {when}",
            f"{company} {thing} not in shops before {when}",
            f"Buyers must wait until {when} for {company} {thing}",
        ),
        (
            f"[To keep up with {rival}, {company} has taken ${price} off the price of its {thing} in {country}."
            f"|The {thing} of {company} is ${price} cheaper in {country} from {d.day()}, as rival {rival} [gains "
            "ground|is winning customers]."
            f"|Rival {rival} is [strong|growing] in {country}, and {company} answered on {d.day()} by making "
            f"its {thing} ${price} cheaper.]",
            f"{company} cuts {thing} price by ${price} in {country}",
            f"{thing.capitalize()} by {company} ${price} cheaper in {country}",
            f"{company} answers {rival} with cheaper {thing}",
        ),
        (
            f"[Few people wanted the {thing} of {company}, and production at {d.place()} [will end|comes to an end] "
            f"in {when}."
            f"|After {spelled(d.count(2, 9))} years {company} will make no more of its {thing}, for which it found "
            "[few|hardly any] buyers.]",
            f"{company} scraps {thing} after poor sales",
            f"{company} to stop making {thing}, few buyers found",
            f"Weak demand ends {company} {thing}",
        ),
    )
    distractor = (
        f"{d.before()} {d.company()} [began to sell|withdrew] its {thing} in {d.country()}, where it cost "
        f"${d.count(4, 99) * 10 + 9}."
    )
    details = [
        *market_details(d, company),
        f"A model by {rival} [sells for|costs] ${d.count(4, 99) * 10 + 9} and has found {d.round(2_000, 900_000):,} "
        "buyers.",
        f"Designer {d.person()} [spent|worked] {spelled(d.count(2, 7))} years on the project.",
    ]
    openers = [
        f"Its competitor {rival} was first to the market in {d.month()}.",
        f"[Rumours|Pictures] had spread since {d.day()}, when a worker in {d.place()} talked too much.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def product_recall(d: Desk) -> Story:
    company, rival, country, number = d.company(), d.company(), d.country(), d.round(2_000, 900_000)
    thing, fault, cause = d.pick(
        ("cars", "brakes that may fail", "brakes"),
        ("heaters", "a switch that can catch fire", "fire risk"),
        ("prams", "wheels that come off", "wheels"),
        ("toasters", "cables that give electric shocks", "cables"),
        ("bicycles", "forks that can snap", "forks"),
        ("motorcycles", "leaking fuel tanks", "fuel leaks"),
    )
    lead, *headlines = d.pick(
        (
            f"[Owners of {number:,} {thing} made by {company} [should|were told to] return them because of {fault}, "
            f"the company said on {d.day()}."
            f"|Because of {fault}, {company} is calling back {number:,} {thing} that it sold [in|since] "
            f"{d.count(2012, 2023)}."
            f"|The {number:,} {thing} that {company} sold [until|since] {d.count(2012, 2023)} have {fault}, "
            "and owners are asked to bring them back.]",
            f"{company} recalls {number:,} {thing} over {cause}",
            f"{company} {thing} unsafe, {number:,} called back",
            f"{company} to take back {number:,} {thing} because of {cause}",
        ),
        (
            f"[Shops in {country} [must take|have to take] {thing} by {company} off their shelves after safety "
            f"inspectors found {fault}."
            f"|With immediate effect, {thing} by {company} may not be sold in {country}, where inspectors [warned "
            f"of|pointed to] {fault}."
            f"|Inspectors found {fault}, and no shop in {country} may [sell|offer] the {thing} of {company} "
            "any longer.]",
            f"{country} bans {company} {thing} over {cause}",
            f"{country} inspectors stop sale of {company} {thing}",
            f"{company} {thing} off shelves in {country} over {cause}",
        ),
        (
            f"[Tests in {country} showed no danger, so {company} may once more [sell|deliver] the {thing} that it "
            f"withdrew in {d.month()} because of {fault}."
            f"|The {thing} of {company} are back in the shops of {country} on {d.day()}, after repairs for {fault}.]",
            f"{company} resumes sales of {thing} in {country}",
            f"{company} {thing} back on sale in {country}",
            f"{country} shops may sell {company} {thing} again",
        ),
    )
    distractor = (
        f"In {d.country()}, {d.company()} [called back|took back] {d.round(2_000, 900_000):,} {thing} in "
        f"{d.month()} [after tests|because of complaints]."
    )
    details = [
        *market_details(d, company)[:4],
        f"No injuries [have been reported|are known], but {spelled(d.count(2, 40))} customers complained.",
        f"{rival} [withdrew|recalled] {d.round(2_000, 90_000):,} {thing} of its own in {d.month()}.",
        f"The parts were supplied by {d.company()}, which will [bear|share] the cost of {d.millions()}.",
    ]
    openers = [
        f"The safety of {thing} has been in question since a recall by {rival} in {d.count(2005, 2022)}.",
        f"Supplier {d.company()} admitted [mistakes|a mix-up] at its plant in {d.place()} last week.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def factory(d: Desk) -> Story:
    company, place, country, cost, jobs = d.company(), d.place(), d.country(), d.money(), d.round(100, 9_000)
    goods, good = d.pick(
        ("batteries", "battery"),
        ("solar panels", "solar panel"),
        ("engines", "engine"),
        ("medicines", "medicine"),
        ("paper", "paper"),
        ("wind turbines", "turbine"),
        ("ceramics", "ceramics"),
        ("bicycles", "bicycle"),
    )
    lead, *headlines = d.pick(
        (
            f"[{company} will spend {cost} on a factory for {goods} in {place}, [winning over|after a contest with] "
            f"two other sites in {country}."
            f"|Ground was [broken|cleared] in {place} on {d.day()} for a factory in which {company} will make "
            f"{goods}, at a cost of {cost}."
            f"|No other site in {country} was as cheap as {place}, where {company} will put {cost} into a "
            f"factory [for|that makes] {goods}.]",
            f"{company} to build {cost} {good} plant in {place}",
            f"{place} gets {good} factory from {company}",
            f"{company} spends {cost} on {goods} in {place}",
        ),
        (
            f"[The first {goods} [left|rolled out of] the new factory of {company} in {place} on {d.day()}, where "
            f"{jobs:,} people have found work."
            f"|With {jobs:,} people, {company} has [begun|started] to make {goods} in a new factory in {place}, a "
            f"first for {country}."
            f"|In {place} a factory of {company} has [begun|started] to turn out {goods}, with {jobs:,} "
            f"people, the first of its kind in {country}.]",
            f"{company} opens {place} {good} plant with {jobs:,} jobs",
            f"{company} starts to make {goods} in {place}",
            f"New {company} factory gives {place} {jobs:,} jobs",
        ),
        (
            f"[After protests by residents, {company} no longer [wants|plans] to make {goods} in {place} and is "
            f"looking at sites in {country}."
            f"|Residents of {place} have [won|had their way], as {company} gives up its plan to make {goods} there.]",
            f"{company} drops {place} {good} plant after protests",
            f"{place} residents stop {company} {good} factory",
            f"{company} will not make {goods} in {place}",
        ),
        (
            f"[{country} is [giving|paying] {company} {cost} so that it makes {goods} in {place} and not abroad."
            f"|Because it will make {goods} in {place}, {company} [gets|receives] {cost} from the government of "
            f"{country}.]",
            f"{country} grants {company} {cost} for {place} plant",
            f"{company} gets {cost} from {country} for {good} factory",
            f"{country} pays {company} to make {goods} in {place}",
        ),
    )
    distractor = (
        f"{d.before()} {d.company()} [opened|gave up] a factory for {goods} in {d.place()}, which cost "
        f"{d.money()} and [gave|had given] work to {d.round(100, 9_000):,} people."
    )
    details = [
        *market_details(d, company)[:4],
        f"{d.company()} makes {goods} in {d.place()} with {d.round(100, 9_000):,} workers.",
        f"Economy minister {d.person()} [called it a turning point|spoke of a great day].",
        f"A first plan, for {d.place()}, would have cost {d.money()}.",
    ]
    openers = [
        f"The mayor of {d.place()}, {d.person()}, had [lobbied|fought] for the project in vain.",
        f"Demand for {goods} has [doubled|tripled] since {d.count(2015, 2022)}, according to {d.company()}.",
    ]
    return Story(lead, headlines, distractor, details, openers)


def bankruptcy(d: Desk) -> Story:
    company, bank, place, debt, jobs = d.company(), d.company(), d.place(), d.money(), d.round(200, 20_000)
    trade = d.pick("airline", "toy chain", "shipyard", "travel agency", "builder", "department store", "steel maker")
    lead, *headlines = d.pick(
        (
            f"[Unable to repay {debt} to {bank} and other lenders, {trade} {company} [asked a court in {place} for "
            f"protection|sought protection in a court in {place}] on {d.day()}."
            f"|With debts of {debt}, {trade} {company} [can no longer pay its bills|is out of money] and went to "
            f"court in {place} on {d.day()}, to the surprise of {bank}."
            f"|A court in {place} will [decide|rule] on the future of {trade} {company}, which owes {debt} to "
            f"{bank} and others and can no longer pay.]",
            f"{company} files for bankruptcy with {debt} debt",
            f"{trade.capitalize()} {company} seeks court protection in {place}",
            f"{company} bankrupt, owes lenders {debt}",
        ),
        (
            f"[No buyer was found for {trade} {company}, so the [last|remaining] {jobs:,} employees in {place} will "
            "lose their work."
            f"|The end has come for {trade} {company} of {place}, where {jobs:,} people [are losing|lose] their work "
            f"after talks with {bank} failed."
            f"|For {jobs:,} people in {place} it was the last week at {trade} {company}, which is closing "
            f"since {bank} [found|saw] no buyer.]",
            f"{company} to close, {jobs:,} jobs lost",
            f"End of {trade} {company} costs {jobs:,} jobs in {place}",
            f"{jobs:,} in {place} lose work as {company} closes",
        ),
        (
            f"[The {trade} {company} [can carry on|will live on] after {bank} and other lenders agreed to "
            f"[forgive|write off] {debt}."
            f"|By giving up {debt}, {bank} and other lenders have [kept|saved] {trade} {company} from ruin.]",
            f"Lenders save {company}, forgive {debt} debt",
            f"{bank} and others write off {debt} to save {company}",
            f"{trade.capitalize()} {company} survives as lenders give up {debt}",
        ),
        (
            f"[Investor {(investor := d.person())} [takes over|is taking over] what remains of {trade} {company}, "
            f"which went bankrupt in {d.month()} owing {debt}."
            f"|There is hope for the bankrupt {trade} {company} of {place}, because {investor} [will put in|is "
            f"bringing] {d.millions()}.]",
            f"{investor.last} rescues bankrupt {trade} {company}",
            f"Bankrupt {trade} {company} finds investor in {investor.last}",
            f"{investor.last} takes over what remains of {company}",
        ),
    )
    distractor = (
        f"{d.before()} {d.company()} of {d.place()}, another {trade}, [went to court|closed] with debts of "
        f"{d.money()}, and {d.round(200, 20_000):,} people lost their work."
    )
    details = [
        *market_details(d, company)[2:],
        f"Its rival {d.company()} went under in {d.count(1995, 2022)} with debts of {d.money()}.",
        f"Administrator {d.person()} will [meet|write to] creditors in {d.month()}.",
        f'"[We fought to the end|Costs ate us up|Customers stayed away]," said founder {d.person()}.',
    ]
    openers = [
        f"Suppliers such as {d.company()} had [demanded cash|stopped deliveries] for weeks.",
        f"When {d.person()} took charge in {d.month()}, there was [still hope|talk of growth].",
    ]
    return Story(lead, headlines, distractor, details, openers)
