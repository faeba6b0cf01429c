"""Labelled sets beside the checkout: the recording to replay and what is true of it.

../shared/data/labels/address-poisoning (200 transfers, Tsuchiya et al., arXiv 2501.16681) and sandwich-coms4507 (five
attacks). Sets are laid out alike: labels.csv and recording.jsonl.gz.
"""
import csv


def rows(folder):
    with open(folder / "labels.csv", newline="") as f:
        return list(csv.DictReader(f))


def poisoning_truth(folder):
    """Transactions that are poison, each once (some have several transfers)."""
    poison = ("zero_value", "dust", "tiny", "counterfeit")
    return sorted({r["tx_hash"].lower() for r in rows(folder) if r["label"].split(" ")[0] in poison})


def sandwich_truth(folder):
    """(front, back) of those whose victim is in the data; of the others nothing can be asked."""
    return [(r["front"].lower(), r["back"].lower()) for r in rows(folder) if r["victim_in_data"] == "yes"]


#: folder under labels/: (signal type, its truth)
SETS = {"address-poisoning": ("address_poisoning", poisoning_truth), "sandwich-coms4507": ("sandwich", sandwich_truth)}

#: What is true of the recordings of ordinary traffic, looked at one by one (docs/detection.md argues each).
KNOWN = {
    "ethereum-receipts-only": {"sandwich": [("0xa278205118a242c87943b9ed83aacafe9906002627612ac3672d8ea224e38181",
                                             "0x75665cbd59dfb9e747d2a455af1c58b172ea5e9e8ef8fc653bbc6ef804b08835")]},
    "ethereum-blocks-with-receipts": {
        "address_poisoning": ["0x6742cd57e6aefce4b96887bb3090371ac49414c6b45a21e43d9e41e0ea9ed5ab"]},
    "ethereum-varied": {"address_poisoning": ["0xb45ef1a202a8d9e983cf59129d28f79057969bb822f62e4b7d9f1ac8853d23ed"]},
}
