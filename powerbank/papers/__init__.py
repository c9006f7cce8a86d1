"""Papers: PDF files with the network's letterhead, in English and Nepali, that a bank or a tax office takes.

`Paper` draws pages; the domains say what stands on them. All that leans on the inside of ReportLab 5.1 stands in
`lettering.py`.
"""
