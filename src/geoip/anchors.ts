/**
 * Addresses whose place has not changed for decades: universities, research networks and name servers of old carriers,
 * none of them anycast. Both embedded databases (June 2026) place every one of them here. They tell a country database
 * from something else that merely reads like one; they are no measure of accuracy.
 */
import type { CountryCode } from '../model/country.ts'
import { isCountryCode } from '../model/country.ts'

export interface Anchor {
  readonly address: string
  readonly country: CountryCode
  /** Who is there. */
  readonly who: string
}

const rows: readonly (readonly [string, string, string])[] = [
  ['202.96.128.86', 'CN', 'China Telecom Guangdong name server'],
  ['202.106.0.20', 'CN', 'China Unicom Beijing name server'],
  ['211.136.17.107', 'CN', 'China Mobile name server'],
  ['166.111.8.28', 'CN', 'Tsinghua University'],
  ['168.126.63.1', 'KR', 'KT name server'],
  ['210.220.163.82', 'KR', 'SK Broadband name server'],
  ['210.130.1.1', 'JP', 'IIJ name server'],
  ['133.11.0.1', 'JP', 'University of Tokyo'],
  ['168.95.1.1', 'TW', 'HiNet name server'],
  ['140.112.254.4', 'TW', 'National Taiwan University'],
  ['147.8.145.43', 'HK', 'University of Hong Kong'],
  ['165.21.83.88', 'SG', 'Singtel name server'],
  ['137.132.21.27', 'SG', 'National University of Singapore'],
  ['202.54.1.30', 'IN', 'Tata Communications'],
  ['14.139.5.5', 'IN', 'National Knowledge Network'],
  ['139.130.4.5', 'AU', 'Telstra name server'],
  ['130.102.128.23', 'AU', 'University of Queensland'],
  ['130.216.35.35', 'NZ', 'University of Auckland'],
  ['194.190.0.1', 'RU', 'Relcom'],
  ['93.180.0.1', 'RU', 'Moscow State University'],
  ['217.237.150.205', 'DE', 'Deutsche Telekom'],
  ['141.14.0.1', 'DE', 'Max Planck Society'],
  ['130.149.7.201', 'DE', 'TU Berlin'],
  ['195.130.130.1', 'BE', 'Telenet'],
  ['194.2.0.20', 'FR', 'Oleane (Orange) name server'],
  ['129.199.96.11', 'FR', 'ENS'],
  ['131.111.8.42', 'GB', 'University of Cambridge'],
  ['129.67.1.1', 'GB', 'University of Oxford'],
  ['130.59.31.251', 'CH', 'SWITCH'],
  ['129.132.98.12', 'CH', 'ETH Zurich'],
  ['130.237.28.40', 'SE', 'KTH'],
  ['128.214.4.29', 'FI', 'University of Helsinki'],
  ['129.240.2.3', 'NO', 'University of Oslo'],
  ['192.38.81.6', 'DK', 'DTU'],
  ['130.89.2.3', 'NL', 'University of Twente'],
  ['147.83.2.3', 'ES', 'UPC'],
  ['131.114.21.10', 'IT', 'University of Pisa'],
  ['147.231.12.1', 'CZ', 'Czech Academy of Sciences'],
  ['149.156.24.10', 'PL', 'Cyfronet'],
  ['147.102.222.210', 'GR', 'NTUA'],
  ['128.139.6.1', 'IL', 'IUCC'],
  ['194.225.0.1', 'IR', 'University of Tehran'],
  ['196.4.160.2', 'ZA', 'SAIX'],
  ['200.160.0.8', 'BR', 'NIC.br'],
  ['200.16.97.77', 'AR', 'RIU'],
  ['132.248.10.2', 'MX', 'UNAM'],
  ['132.246.2.1', 'CA', 'National Research Council'],
  ['128.32.206.12', 'US', 'UC Berkeley'],
  ['171.64.7.55', 'US', 'Stanford'],
  ['175.45.176.81', 'KP', 'Star Joint Venture, Pyongyang'],
  ['200.55.128.130', 'CU', 'ETECSA'],
  ['82.137.200.42', 'SY', 'Syrian Telecom'],
  ['196.1.200.1', 'SD', 'Sudatel'],
  ['82.209.240.241', 'BY', 'Beltelecom name server'],
  ['190.202.0.1', 'VE', 'CANTV'],
  ['203.81.64.20', 'MM', 'MPT'],
]

export const anchors: readonly Anchor[] = rows.flatMap(([address, country, who]) =>
  isCountryCode(country) ? [{ address, country, who }] : [],
)
