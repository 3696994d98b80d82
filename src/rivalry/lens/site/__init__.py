"""The lens site: what a run's records say, as pages to look at, on any static host or straight from the folder.

Read downwards: a :mod:`shelf` holds the records, of the :mod:`kinds` that the site knows; a section (:mod:`overview`,
:mod:`layers`, :mod:`units`, :mod:`classes`, :mod:`concepts`, :mod:`probes`, :mod:`comparison`, :mod:`pictures`,
:mod:`search`) plans jobs and makes the files of their pages, by :mod:`sheets`; :mod:`building` runs the jobs whose
records have changed, side by side, and a job that fails leaves a page that says so.
"""
